import { type ChainFault, type ChainReport, verifyChains } from '../audit/verify-chain.js';
import { type Command, optional } from './command.js';
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

function sentence({ chain, verified, waiting, head, fault }: ChainReport): string {
  const start = `${chain.slice(0, 8)}  ${verified} lignes vérifiées, ${waiting} en attente`;
  if (!fault) return `${start}, dernier maillon ${head}`;
  const row = fault.auditId === undefined ? '' : ` (audit_logs.id ${fault.auditId})`;
  return `${start}\n          FAUTE à la position ${fault.position}${row} : ${whatHappened[fault.kind]}`;
}
