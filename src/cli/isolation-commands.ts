import { checkIsolation, type IsolationFault, type IsolationGap } from '../platform/database/check-isolation.js';
import { openDatabase } from '../platform/database/open-database.js';
import type { Command } from './command.js';

const whatIsWrong: Readonly<Record<IsolationFault, string>> = {
  'rls-off': 'la sécurité par ligne n’est pas activée',
  'rls-not-forced': 'la sécurité par ligne n’est pas imposée au propriétaire (FORCE)',
  'policy-missing': 'aucune politique pour un rôle qui a des droits',
  'policy-too-wide': 'une politique ne se limite pas aux lignes du CFA de la transaction',
  'privilege-too-many': 'un droit de trop',
  'table-unlisted': 'table absente de la liste de ce qui est permis',
  'view-with-owner-rights': 'vue qui lit avec les droits de son propriétaire',
  'function-with-owner-rights': 'fonction SECURITY DEFINER hors de la liste, ou trop ouverte',
  'role-too-strong': 'un rôle d’exécution peut trop',
};

/** `isolation:check`: proves from the catalogue that PostgreSQL keeps the tenants apart; exit code 1, with names, when it does not. */
export const isolationCheckCommand: Command = {
  name: 'isolation:check',
  usage: '',
  about:
    'Vérifie dans le catalogue que PostgreSQL sépare les CFA, table par table ; code de sortie 1 si une table fuit.',
  options: {},
  async run(_given, { databaseUrl, terminal }) {
    const { database, close } = await openDatabase(await databaseUrl(), 1);
    try {
      const { tables, gaps } = await database.asSystem((sql) => checkIsolation(sql));
      for (const { name, policies, sound } of tables) {
        terminal.print(`${sound ? 'ok   ' : 'FAUTE'}  ${name.padEnd(22)} ${policies.join(', ')}`);
      }
      for (const each of gaps) terminal.print(sentence(each));
      terminal.print(
        gaps.length === 0
          ? `Les CFA sont séparés : ${tables.length} tables vérifiées.`
          : `${gaps.length} faute(s) : les CFA ne sont pas séparés.`,
      );
      return gaps.length === 0 ? 0 : 1;
    } finally {
      await close();
    }
  },
};

function sentence({ object, fault, detail }: IsolationGap): string {
  return `FAUTE  ${object} : ${whatIsWrong[fault]}${detail && ` (${detail})`}`;
}
