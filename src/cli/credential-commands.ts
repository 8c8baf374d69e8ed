import { opcoIds } from '../core/endpoint.js';
import { type Command, oneOf, required } from './command.js';
import { CommandError } from './command-errors.js';
import { findTenant } from './desk.js';

const actor = 'cli';

/** `credentials:set`: the key of a CFA at an OPCO. */
export const credentialsSetCommand: Command = {
  name: 'credentials:set',
  usage: '--tenant <empreinte> --opco <opcoId>',
  about: 'Enregistre la clé d’un CFA chez un OPCO, lue sur l’entrée standard.',
  options: { tenant: { type: 'string' }, opco: { type: 'string' } },
  async run(given, { desk, terminal }) {
    const hashPrefix = required(given, 'tenant');
    const opcoId = oneOf(opcoIds, 'opco', required(given, 'opco'));
    const opened = await desk();
    const tenant = await findTenant(opened, hashPrefix);
    const key = await terminal.readSecret(`Clé de ${tenant.nom} chez ${opcoId} : `);
    const { hint } = await opened.credentials.put(tenant.hash, { opcoId, key, actor });
    terminal.print(
      `Clé de ${tenant.nom} chez ${opcoId} enregistrée (${hint}) ; les dossiers de cet OPCO seront suivis.`,
    );
    return 0;
  },
};

/** `opco-client:set`: the software's own OAuth2 client at an OPCO. */
export const opcoClientSetCommand: Command = {
  name: 'opco-client:set',
  usage: '--opco <opcoId> --environment test|live --client-id <id>',
  about: 'Enregistre l’identifiant OAuth2 du logiciel chez un OPCO ; le secret est lu sur l’entrée standard.',
  options: { opco: { type: 'string' }, environment: { type: 'string' }, 'client-id': { type: 'string' } },
  async run(given, { desk, terminal }) {
    const opcoId = oneOf(opcoIds, 'opco', required(given, 'opco'));
    const environment = oneOf(['test', 'live'], 'environment', required(given, 'environment'));
    const clientId = required(given, 'client-id');
    const clientSecret = await terminal.readSecret(`Secret OAuth2 chez ${opcoId} (${environment}) : `);
    if (!clientSecret) throw new CommandError('Le secret est vide : rien n’est enregistré.');
    await (await desk()).clients.set({ opcoId, environment, clientId, clientSecret, actor });
    terminal.print(`Identifiant OAuth2 du logiciel chez ${opcoId} (${environment}) enregistré.`);
    return 0;
  },
};
