import { systemClock } from '../core/clock.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import { countReferences, type KeyReference, totalOf } from '../tenancy/key-references.js';
import { Reencryption, type ReencryptionReport } from '../tenancy/reencryption.js';
import type { Command, Terminal } from './command.js';

const valuesPerBatch = 500;
const progressEveryMs = 1000;

/** `keyring:status`: which key seals how much; exit code 1 when a key in use is not in the ring. */
export const keyringStatusCommand: Command = {
  name: 'keyring:status',
  usage: '',
  about: 'Compte les valeurs scellées par chaque clé du trousseau et dit laquelle peut être retirée.',
  options: {},
  async run(_given, { desk, terminal }) {
    const { database, ring } = await desk();
    const references = await database.asSystem(countReferences);
    const ids = [...new Set([...ring.ids, ...references.map(({ keyId }) => keyId)])];
    const unused = ring.ids.filter((id) => id !== ring.activeId && !references.some(({ keyId }) => keyId === id));
    const missing = ids.filter((id) => !ring.ids.includes(id));
    for (const id of ids) showKey(terminal, { id, ring, references });
    for (const id of unused) {
      terminal.print(
        `La clé ${id} ne scelle plus rien : retirez-la une fois que toutes les instances scellent avec ${ring.activeId}.`,
      );
    }
    if (missing.length > 0) {
      terminal.print(
        `Trousseau incomplet : remettez ${missing.map(shown).join(', ')}, sans quoi ces valeurs sont perdues.`,
      );
    }
    return missing.length === 0 ? 0 : 1;
  },
};

/** `keyring:reencrypt`: seals everything anew under the active key while the product runs. */
export const keyringReencryptCommand: Command = {
  name: 'keyring:reencrypt',
  usage: '',
  about:
    'Scelle de nouveau, avec la clé active, tout ce que scellent les autres, sans arrêter le service ; interrompue, elle se relance.',
  options: {},
  async run(_given, { desk, terminal }) {
    const { database, ring, audit } = await desk();
    const begun = systemClock.elapsed();
    const say = (count: number) => terminal.print(`  ${count} valeurs, ${rate(count, begun)} par seconde`);
    let shownAt = begun;
    const onProgress = (count: number) => {
      if (systemClock.elapsed() - shownAt < progressEveryMs) return;
      shownAt = systemClock.elapsed();
      say(count);
    };
    const report = await new Reencryption({
      database,
      ring,
      audit,
      batch: valuesPerBatch,
      onProgress,
      onUnopened: ({ table, column, id }) =>
        terminal.print(`  ne s’ouvre pas, laissée en l’état : ${table}.${column} ${id}`),
    }).run();
    say(report.reencrypted);
    terminal.print(sentence(report, ring));
    return report.unopened + report.left === 0 ? 0 : 1;
  },
};

interface KeyUse {
  readonly id: string;
  readonly ring: KeyRing;
  readonly references: readonly KeyReference[];
}

function showKey(terminal: Terminal, { id, ring, references }: KeyUse): void {
  const role = id === ring.activeId ? 'active' : ring.ids.includes(id) ? 'ouvre seulement' : 'ABSENTE DU TROUSSEAU';
  const own = references.filter(({ keyId }) => keyId === id);
  terminal.print(`${shown(id)}  ${role}  ${totalOf(own)} valeurs`);
  for (const { table, column, values } of own) {
    terminal.print(`    ${table}.${column}  ${values}`);
  }
}

/** A damaged value may say anything where the id of its key stands. */
const shown = (id: string): string => (/^[A-Za-z0-9_-]{1,32}$/.test(id) ? id : '(illisible)');

const rate = (count: number, begun: number): number =>
  Math.round(count / Math.max(0.001, (systemClock.elapsed() - begun) / 1000));

function sentence({ reencrypted, unopened, left }: ReencryptionReport, { activeId }: KeyRing): string {
  if (unopened + left === 0) {
    return reencrypted === 0
      ? `Tout est déjà scellé par ${activeId}.`
      : `Tout est scellé par ${activeId} ; keyring:status dit quelles clés retirer.`;
  }
  const lost = unopened > 0 ? `${unopened} valeurs ne s’ouvrent pas` : '';
  const busy =
    left > 0 ? `${left} valeurs restent sous une autre clé : une instance scelle-t-elle encore avec elle ?` : '';
  return [lost, busy].filter(Boolean).join(' ; ');
}
