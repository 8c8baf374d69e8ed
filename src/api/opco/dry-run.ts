import Type from 'typebox';
import { fail } from '../../core/errors.js';

/** The one parameter of a deposit's address. */
export const DepositQuery = Type.Object(
  {
    dryRun: Type.Optional(
      Type.Boolean({ description: "Juge le dépôt sans rien enregistrer ni envoyer : 200 avec ce qui n'irait pas" }),
    ),
  },
  { additionalProperties: false },
);

/** The question of a deposit without what is only meant for us. Throws 400 for a value that is neither `true` nor `false`. */
export function askDeposit(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { dryRun, ...rest } = raw;
  if (dryRun === undefined || dryRun === 'true' || dryRun === 'false') return rest;
  throw fail('VALIDATION_ERROR', {
    findings: [{ pointer: '/query/dryRun', code: 'type', message: 'Attendu : true ou false.' }],
  });
}

/** Whether the caller only wants to know. */
export function wantsDryRun(query: unknown): boolean {
  return typeof query === 'object' && query !== null && (query as Record<string, unknown>)['dryRun'] === 'true';
}
