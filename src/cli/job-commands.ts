import { jobTypes } from '../core/contract/job.js';
import { opcoIds } from '../core/endpoint.js';
import { shortTenant } from '../core/tenant.js';
import type { DeadLetter, DeadLetterFilter } from '../queue/dead-letters.repository.js';
import { type Command, type Given, instantOf, oneOf, optional } from './command.js';
import { UsageError } from './command-errors.js';
import { type Desk, findTenant } from './desk.js';

const actor = 'cli';
const mostListed = 1000;
const mostRedriven = 100_000;

const filterUsage =
  '[--opco <opcoId>] [--type <type>] [--code <code>] [--since <date>] [--until <date>] [--tenant <empreinte>]';
const filterOptions = {
  opco: { type: 'string' },
  type: { type: 'string' },
  code: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  tenant: { type: 'string' },
  limit: { type: 'string' },
} as const;

/** `jobs:dead`: the failed deposits that are kept, across tenants. */
export const jobsDeadCommand: Command = {
  name: 'jobs:dead',
  usage: `${filterUsage} [--limit <nombre>]`,
  about:
    'Liste les dépôts en échec encore conservés, du plus ancien au plus récent ; --code est celui du suivi (exhausted, rejected…).',
  options: filterOptions,
  async run(given, { desk, terminal }) {
    const limit = limitOf(given, { otherwise: 50, most: mostListed });
    const partial = readFilter(given);
    const opened = await desk();
    const filter = { ...partial, ...(await whose(given, opened)) };
    for (const letter of await opened.deadLetters.list(filter, limit)) terminal.print(lineOf(letter));
    const { retryable, replaced } = await opened.deadLetters.count(filter);
    terminal.print(
      `${retryable + replaced} dépôt(s) en échec : ${retryable} à relancer, ${replaced} déposé(s) de nouveau depuis.`,
    );
    return 0;
  },
};

/** `jobs:redrive`: brings failed deposits back, by the rules of a single retry. */
export const jobsRedriveCommand: Command = {
  name: 'jobs:redrive',
  usage: `${filterUsage} [--limit <nombre>]`,
  about:
    'Relance les dépôts en échec que le filtre désigne, par lots, chacun tracé dans la piste d’audit ; se reprend sans risque.',
  options: filterOptions,
  async run(given, { desk, terminal }) {
    const limit = limitOf(given, { otherwise: mostRedriven, most: mostRedriven });
    const partial = readFilter(given);
    const opened = await desk();
    const filter = { ...partial, ...(await whose(given, opened)) };
    if (Object.keys(filter).length === 0)
      throw new UsageError('Donnez au moins un filtre : --opco, --tenant, --since…');
    const told = ({ retried, skipped }: { retried: number; skipped: number }) =>
      terminal.print(`${retried} relancé(s), ${skipped} laissé(s)…`);
    const { retried, skipped, remaining } = await opened.redrive.ofStaff(filter, { limit, by: actor, told });
    terminal.print(`${retried} dépôt(s) relancé(s), ${skipped} laissé(s), ${remaining} encore à relancer.`);
    return 0;
  },
};

function readFilter(given: Given): DeadLetterFilter {
  const [opco, type, code] = ['opco', 'type', 'code'].map((name) => optional(given, name));
  const [since, until] = [instantOf(given, 'since'), instantOf(given, 'until')];
  return {
    ...(opco !== undefined && { opcoId: oneOf(opcoIds, 'opco', opco) }),
    ...(type !== undefined && { type: oneOf(jobTypes, 'type', type) }),
    ...(code !== undefined && { code }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

async function whose(given: Given, desk: Desk): Promise<Pick<DeadLetterFilter, 'tenant'>> {
  const hashPrefix = optional(given, 'tenant');
  return hashPrefix === undefined ? {} : { tenant: (await findTenant(desk, hashPrefix)).hash };
}

function limitOf(given: Given, { otherwise, most }: { readonly otherwise: number; readonly most: number }): number {
  const limit = Number(optional(given, 'limit') ?? otherwise);
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw new UsageError(`L'option --limit attend un nombre de 1 à ${most}.`);
  return limit;
}

function lineOf({ jobId, tenant, opcoId, type, code, failedAt }: DeadLetter): string {
  return `${failedAt.toISOString()}  ${shortTenant(tenant)}  ${opcoId}  ${type}  ${code}  ${jobId}`;
}
