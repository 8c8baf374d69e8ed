import { type SnapshotFault, verifySnapshots } from '../poller/verify-snapshots.js';
import { type Command, optional } from './command.js';
import { findTenant } from './desk.js';

const whatHappened: Readonly<Record<SnapshotFault['kind'], string>> = {
  edited: 'la version a été modifiée',
  missing: 'la version manque',
  cut: 'la fin de l’historique a été coupée ou remplacée',
};
const mostShown = 20;

/** `snapshots:verify`: proves that the histories of dossiers are as they were written; exit code 1 when one is not. */
export const snapshotsVerifyCommand: Command = {
  name: 'snapshots:verify',
  usage: '[--tenant <empreinte>]',
  about: 'Vérifie la chaîne des versions de chaque dossier ; code de sortie 1 si l’une ne tient pas.',
  options: { tenant: { type: 'string' } },
  async run(given, { desk, terminal }) {
    const hashPrefix = optional(given, 'tenant');
    const opened = await desk();
    const tenants = hashPrefix === undefined ? await opened.tenants.list() : [await findTenant(opened, hashPrefix)];
    let broken = 0;
    for (const { hash } of tenants) {
      const { dossiers, versions, digest, faults } = await verifySnapshots(opened.database, hash);
      terminal.print(`${hash.slice(0, 8)}  ${dossiers} dossiers, ${versions} versions vérifiées, empreinte ${digest}`);
      for (const { opcoId, numeroInterne, version, kind } of faults.slice(0, mostShown))
        terminal.print(`          FAUTE ${opcoId} ${numeroInterne} version ${version} : ${whatHappened[kind]}`);
      broken += faults.length;
    }
    terminal.print(broken === 0 ? 'Les historiques tiennent.' : `${broken} historique(s) ne tiennent pas.`);
    return broken === 0 ? 0 : 1;
  },
};
