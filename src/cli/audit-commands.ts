import { auditActions } from '../audit/actions.js';
import { mostRows, searchTrail, type TrailRow } from '../audit/search-trail.js';
import { type ChainFault, type ChainReport, verifyChains } from '../audit/verify-chain.js';
import { type Command, type Given, instantOf, oneOf, optional, required } from './command.js';
import { UsageError } from './command-errors.js';
import { findTenant } from './desk.js';

const whatHappened: Readonly<Record<ChainFault['kind'], string>> = {
  edited: 'la ligne a été modifiée',
  deleted: 'la ligne a été supprimée',
  'link-missing': 'le maillon manque dans la chaîne',
  inserted: 'une ligne a été glissée dans le passé',
};

/** `audit:verify`: proves that the trail is as it was written; exit code 1 when it is not. */
export const auditVerifyCommand: Command = {
  name: 'audit:verify',
  usage: '[--tenant <empreinte>]',
  about: 'Vérifie la chaîne d’audit et nomme la première position fautive ; code de sortie 1 si elle ne tient pas.',
  options: { tenant: { type: 'string' } },
  async run(given, { desk, terminal }) {
    const hashPrefix = optional(given, 'tenant');
    const opened = await desk();
    const only = hashPrefix === undefined ? undefined : (await findTenant(opened, hashPrefix)).hash;
    const reports = await verifyChains(opened.database, only);
    for (const report of reports) terminal.print(sentence(report));
    const broken = reports.filter(({ fault }) => fault !== undefined).length;
    terminal.print(broken === 0 ? 'La chaîne d’audit tient.' : `${broken} chaîne(s) d’audit ne tiennent pas.`);
    return broken === 0 ? 0 : 1;
  },
};

/** `audit:search`: shows staff the trail of one tenant; the search itself is a row of that trail. */
export const auditSearchCommand: Command = {
  name: 'audit:search',
  usage:
    '--tenant <empreinte>|system [--action <nom>] [--since <date>] [--until <date>] [--before <id>] [--limit <nombre>]',
  about: `Montre la piste d’audit d’un CFA, du plus récent au plus ancien, ${mostRows} lignes au plus ; la consultation y est inscrite.`,
  options: {
    tenant: { type: 'string' },
    action: { type: 'string' },
    since: { type: 'string' },
    until: { type: 'string' },
    before: { type: 'string' },
    limit: { type: 'string' },
  },
  async run(given, { desk, terminal }) {
    const whose = required(given, 'tenant');
    const question = questionOf(given);
    const opened = await desk();
    const tenant = whose === 'system' ? null : (await findTenant(opened, whose)).hash;
    const rows = await searchTrail(opened.database, opened.audit, { ...question, tenant, actor: 'cli' });
    for (const row of rows) terminal.print(lineOf(row));
    const last = rows.at(-1);
    if (!last) terminal.print('Aucune ligne.');
    else if (rows.length === question.limit) terminal.print(`La suite : --before ${last.id}`);
    return 0;
  },
};

function questionOf(given: Given) {
  const action = optional(given, 'action');
  const [since, until] = [instantOf(given, 'since'), instantOf(given, 'until')];
  const before = optional(given, 'before');
  if (before !== undefined && !/^\d{1,18}$/.test(before)) throw new UsageError("L'option --before attend un numéro.");
  const limit = Number(optional(given, 'limit') ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostRows)
    throw new UsageError(`L'option --limit attend un nombre de 1 à ${mostRows}.`);
  return {
    limit,
    ...(action !== undefined && { action: oneOf(auditActions, 'action', action) }),
    ...(since && { since }),
    ...(until && { until }),
    ...(before !== undefined && { before }),
  };
}

function lineOf({ id, at, actor, action, object, result, requestId, source, details }: TrailRow): string {
  const more = Object.entries(details).map(([name, value]) => `${name}=${String(value)}`);
  const where = [requestId ?? '-', source ?? '-', ...more].join(' ');
  return `${id}  ${at.toISOString()}  ${actor}  ${action}  ${object}  ${result}  ${where}`;
}

function sentence({ chain, verified, waiting, head, fault }: ChainReport): string {
  const start = `${chain.slice(0, 8)}  ${verified} lignes vérifiées, ${waiting} en attente`;
  if (!fault) return `${start}, dernier maillon ${head}`;
  const row = fault.auditId === undefined ? '' : ` (audit_logs.id ${fault.auditId})`;
  return `${start}\n          FAUTE à la position ${fault.position}${row} : ${whatHappened[fault.kind]}`;
}
