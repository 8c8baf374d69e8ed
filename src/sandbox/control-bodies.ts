import type { FastifyRequest } from 'fastify';
import Type, { type Static, type TSchema } from 'typebox';
import { compileContract } from '../core/contract/check.js';
import type { SandboxCfa } from './cfa.js';
import type { Dialect } from './dialect.js';
import { dialectOf } from './dialects.js';
import type { World } from './world.js';

/** A control call that makes no sense; answered 400 with the sentence. */
export class ControlFault extends Error {}

const text = Type.String({ minLength: 1, maxLength: 500 });
const amount = Type.Number({ minimum: 0 });
const strict = { additionalProperties: false } as const;
const seedName = Type.Union([Type.String({ maxLength: 200 }), Type.Number()]);
/** Sense is made of it where the calendar is known. */
const day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
const comment = Type.Optional(Type.String({ maxLength: 500 }));

/** The bodies of the control calls; every schema refuses a name that it does not know. */
export const bodies = {
  clock: Type.Object(
    {
      set: Type.Optional(Type.Union([Type.Number(), text])),
      speed: Type.Optional(Type.Number({ minimum: 0, maximum: 10_000_000 })),
      advanceSeconds: Type.Optional(amount),
    },
    strict,
  ),
  reset: Type.Object({ seed: Type.Optional(seedName) }, strict),
  cfas: Type.Object(
    {
      opcoId: text,
      apiKey: text,
      siret: Type.Optional(text),
      dateDebutValidite: Type.Optional(day),
      dateFinValidite: Type.Optional(day),
      dateDebutActivite: Type.Optional(day),
    },
    strict,
  ),
  etat: Type.Object({ opcoId: text, apiKey: text, numeroInterne: text, etat: text, commentaireEtat: comment }, strict),
  'etat-facture': Type.Object(
    { opcoId: text, apiKey: text, numeroInterneFacture: text, etatFacture: text, commentaireEtat: comment },
    strict,
  ),
  capabilities: Type.Object({ opcoId: text, capability: text, enabled: Type.Optional(Type.Boolean()) }, strict),
  outage: Type.Object({ ms: Type.Number({ minimum: 1, maximum: 600_000 }) }, strict),
  invariants: Type.Object(
    {
      expected: Type.Optional(
        Type.Array(
          Type.Object(
            {
              opcoId: text,
              type: Type.Enum(['dossier', 'convention', 'facture', 'certificat', 'document', 'rupture']),
              ...Object.fromEntries(
                ['cfa', 'key', 'body', 'numeroInterne', 'numeroInterneFacture', 'numeroInterneDocument', 'fichier'].map(
                  (name) => [name, Type.Optional(text)],
                ),
              ),
            },
            strict,
          ),
        ),
      ),
      windows: Type.Optional(
        Type.Array(
          Type.Object(
            {
              opcoId: Type.Optional(text),
              limit: Type.Integer({ minimum: 0 }),
              windowMs: Type.Number({ minimum: 1 }),
              perKey: Type.Optional(Type.Boolean()),
            },
            strict,
          ),
        ),
      ),
    },
    strict,
  ),
} as const;

/** The body of one control call, judged. */
export type BodyOf<Name extends keyof typeof bodies> = Static<(typeof bodies)[Name]>;

/** The JSON of a request, nothing where there is none; throws `ControlFault` on what is no JSON. */
export function parsedBody({ body }: FastifyRequest): unknown {
  try {
    return Buffer.isBuffer(body) && body.length > 0 ? JSON.parse(body.toString('utf8')) : {};
  } catch {
    throw new ControlFault('The body is not JSON');
  }
}

/** The JSON object of a request. */
export function objectOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  const value = parsedBody(request);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ControlFault('A JSON object is expected');
  return value as Readonly<Record<string, unknown>>;
}

/** Throws `ControlFault` with the place and the reason unless the value fits. */
export function demandFit<S extends TSchema>(schema: S, value: unknown): asserts value is Static<S> {
  const [finding] = compileContract(schema).check(value);
  if (finding) throw new ControlFault(`${finding.pointer.slice(1).replaceAll('/', '.') || 'body'}: ${finding.message}`);
}

/** Throws `ControlFault` where the sandbox plays nobody of that name. */
export function demandOpco(opcoId: unknown): Dialect {
  const dialect = dialectOf(String(opcoId));
  if (!dialect) throw new ControlFault('opcoId: no OPCO that the sandbox plays');
  return dialect;
}

/** Throws `ControlFault` for a key that this OPCO does not know. */
export function demandCfa(
  world: World,
  { opcoId, apiKey }: { readonly opcoId?: unknown; readonly apiKey?: unknown },
): SandboxCfa {
  const cfa = world.cfa(demandOpco(opcoId).id, String(apiKey));
  if (!cfa) throw new ControlFault('apiKey: register it with /_sandbox/cfas first');
  return cfa;
}
