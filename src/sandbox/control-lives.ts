import Type from 'typebox';
import { ControlFault, demandCfa, demandFit, demandOpco } from './control-bodies.js';
import type { SandboxCfa } from './cfa.js';
import { plainEtat } from './dossier.js';
import { loadDossiers } from './load.js';
import { seedDossiers } from './seed.js';
import { demoCfaKey, demoSiret, type World } from './world.js';

type Body = Readonly<Record<string, unknown>>;

const strict = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1, maxLength: 500 });

const SeedBody = Type.Object(
  {
    opcoId: text,
    apiKey: text,
    dossiers: Type.Integer({ minimum: 0, maximum: 200_000 }),
    onlyIfEmpty: Type.Optional(Type.Boolean()),
  },
  strict,
);

/** `POST /seed`: a few young dossiers of mixed states under a CFA key that is known. */
export function seed(world: World, body: Body) {
  demandFit(SeedBody, body);
  const cfa = demandCfa(world, body);
  const [known] = cfa.dossiers.keys();
  if (body.onlyIfEmpty === true && known !== undefined) return { dossiers: 0, premier: known, dernier: known };
  const made = seedDossiers(world, cfa, body.dossiers);
  return { dossiers: made.length, premier: made[0] ?? null, dernier: made.at(-1) ?? null };
}

/** More would not fit into the memory of a small machine. */
const mostLoaded = 500_000;

const LoadBody = Type.Object(
  {
    opcoId: text,
    cfa: Type.Optional(text),
    apiKey: Type.Optional(Type.Union([text, Type.Array(text, { minItems: 1, maxItems: 1000 })])),
    dossiers: Type.Integer({ minimum: 1, maximum: mostLoaded }),
    seed: Type.Optional(Type.Union([text, Type.Number()])),
  },
  strict,
);

/**
 * `POST /load`: years of dossiers at once, under a known CFA (`cfa`, its fingerprint), under some API keys in turn (known
 * or new), or under the demo key. Says how long it took, how they stand, and what one of them weighs.
 */
export function load(world: World, body: Body) {
  demandFit(LoadBody, body);
  const [first, ...others] = cfasOf(world, body);
  if (!first) throw new ControlFault('cfa: no such CFA; POST /_sandbox/cfas gives its fingerprint');
  const began = world.clock.elapsed();
  const before = process.memoryUsage().heapUsed;
  const known = first.dossiers.size;
  loadDossiers(world, [first, ...others], { count: body.dossiers, seed: String(body.seed ?? world.seed) });
  return {
    opcoId: body.opcoId,
    cfas: 1 + others.length,
    dossiers: body.dossiers,
    premier: [...first.dossiers.keys()][known] ?? null,
    ms: Math.round(world.clock.elapsed() - began),
    /** The collector may run meanwhile: an estimate. */
    octetsParDossier: Math.max(0, Math.round((process.memoryUsage().heapUsed - before) / body.dossiers)),
    etats: etatsOf(world, [first, ...others]),
  };
}

function cfasOf(
  world: World,
  { opcoId, cfa, apiKey }: { readonly opcoId: string; readonly cfa?: string; readonly apiKey?: string | string[] },
): readonly SandboxCfa[] {
  const dialect = demandOpco(opcoId);
  if (cfa !== undefined) {
    const found = world.cfaOf(dialect.id, cfa);
    return found ? [found] : [];
  }
  const keys = apiKey === undefined ? [demoCfaKey(dialect.id)] : [apiKey].flat();
  return keys.map((key) => world.cfa(dialect.id, key) ?? world.register(dialect, { apiKey: key, siret: demoSiret }));
}

/** How many dossiers stand in each state now. */
function etatsOf(world: World, cfas: readonly SandboxCfa[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const now = world.virtual.now();
  for (const cfa of cfas)
    for (const dossier of cfa.dossiers.values()) {
      const etat = plainEtat(dossier, now);
      counts[etat] = (counts[etat] ?? 0) + 1;
    }
  return counts;
}

const DirtBody = Type.Object({ rate: Type.Number({ minimum: 0, maximum: 1 }) }, strict);

/** `POST /dirt`: the part of the dossiers that come in from now on and are shown with something wrong. */
export function setDirt(world: World, body: Body) {
  demandFit(DirtBody, body);
  world.dirtRate = body.rate;
  return { rate: world.dirtRate };
}
