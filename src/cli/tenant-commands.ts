import { shortTenant } from '../core/tenant.js';
import type { KeySummary } from '../tenancy/tenants.repository.js';
import { type Command, oneOf, optional, required, type Terminal } from './command.js';
import { CommandError, UsageError } from './command-errors.js';
import { findTenant } from './desk.js';

const actor = 'cli';

/** `tenant:create`: registers a CFA with its first key. */
export const tenantCreateCommand: Command = {
  name: 'tenant:create',
  usage: '--nom "CFA X" [--environment test|live] [--import-key-stdin]',
  about:
    'Enregistre un CFA et sa première clé, affichée une seule fois ; ou importe une clé existante lue sur l’entrée standard.',
  options: { nom: { type: 'string' }, environment: { type: 'string' }, 'import-key-stdin': { type: 'boolean' } },
  async run(given, { desk, terminal }) {
    const nom = required(given, 'nom');
    const environment = oneOf(['test', 'live'], 'environment', optional(given, 'environment') ?? 'test');
    const importing = given['import-key-stdin'] === true;
    const importedKey = importing ? await terminal.readSecret('Clé à importer : ') : undefined;
    const { tenants } = await desk();
    const issued = await tenants.create({ nom, environment, actor, ...(importedKey !== undefined && { importedKey }) });
    terminal.print(`CFA enregistré : ${nom} (${environment}), empreinte ${shortTenant(issued.tenant)}.`);
    if (importing) terminal.print('La clé importée est acceptée.');
    else showOnce(terminal, issued.key);
    return 0;
  },
};

/** `tenant:list`: who is registered, with which keys. */
export const tenantListCommand: Command = {
  name: 'tenant:list',
  usage: '',
  about: 'Liste les CFA et leurs clés (jamais leur texte).',
  options: {},
  async run(_given, { desk, terminal }) {
    const tenants = await (await desk()).tenants.list();
    if (tenants.length === 0) terminal.print('Aucun CFA n’est enregistré : voir tenant:create.');
    for (const { hash, nom, environment, suspended, weight, keys } of tenants) {
      const notes = `${weight > 1 ? `  (poids ${weight})` : ''}${suspended ? '  (suspendu)' : ''}`;
      terminal.print(`${shortTenant(hash)}  ${environment}  ${nom}${notes}`);
      for (const key of keys) terminal.print(`    ${key.id}  ${key.prefix}…  ${key.label}  ${stateOf(key)}`);
    }
    return 0;
  },
};

/** `tenant:suspend`, and back again with `--resume`. */
export const tenantSuspendCommand: Command = {
  name: 'tenant:suspend',
  usage: '--tenant <empreinte> [--resume]',
  about: 'Suspend un CFA : toutes ses clés sont refusées partout aussitôt, ses données restent ; --resume le rétablit.',
  options: { tenant: { type: 'string' }, resume: { type: 'boolean' } },
  async run(given, { desk, terminal }) {
    const opened = await desk();
    const tenant = await findTenant(opened, required(given, 'tenant'));
    const suspended = given['resume'] !== true;
    if (!(await opened.tenants.suspend(tenant.hash, suspended, actor)))
      throw new CommandError(suspended ? 'Ce CFA est déjà suspendu.' : "Ce CFA n'est pas suspendu.");
    terminal.print(`${tenant.nom} : ${suspended ? 'suspendu' : 'rétabli'}.`);
    return 0;
  },
};

/** `tenant:weight`: how large the share of a CFA is while others wait as well. */
export const tenantWeightCommand: Command = {
  name: 'tenant:weight',
  usage: '--tenant <empreinte> --weight <1 à 100>',
  about:
    'Règle la part d’un CFA : au poids 2, ses dépôts et ses appels passent deux fois plus souvent qu’au poids 1 (par défaut).',
  options: { tenant: { type: 'string' }, weight: { type: 'string' } },
  async run(given, { desk, terminal }) {
    const text = required(given, 'weight');
    const weight = Number(text);
    if (!/^\d{1,3}$/.test(text) || weight < 1 || weight > 100)
      throw new UsageError("L'option --weight attend un nombre entier de 1 à 100.");
    const hashPrefix = required(given, 'tenant');
    const opened = await desk();
    const tenant = await findTenant(opened, hashPrefix);
    await opened.tenants.weigh(tenant.hash, weight, actor);
    terminal.print(`${tenant.nom} : poids ${weight}.`);
    return 0;
  },
};

/** `key:create`: a further key of a CFA; the earlier ones go on. */
export const keyCreateCommand: Command = {
  name: 'key:create',
  usage: '--tenant <empreinte> [--label "rotation"]',
  about: 'Crée une clé de plus pour un CFA, affichée une seule fois ; les clés antérieures restent valables.',
  options: { tenant: { type: 'string' }, label: { type: 'string' } },
  async run(given, { desk, terminal }) {
    const hashPrefix = required(given, 'tenant');
    const opened = await desk();
    const tenant = await findTenant(opened, hashPrefix);
    const label = optional(given, 'label') ?? 'clé supplémentaire';
    const issued = await opened.tenants.addKey(tenant.hash, { label, actor });
    terminal.print(`Clé ${issued.keyId} créée pour ${tenant.nom}.`);
    showOnce(terminal, issued.key);
    return 0;
  },
};

/** `key:revoke`: ends a key. */
export const keyRevokeCommand: Command = {
  name: 'key:revoke',
  usage: '--id <id de la clé>',
  about: 'Révoque une clé ; elle est refusée partout aussitôt, en dix secondes au plus.',
  options: { id: { type: 'string' } },
  async run(given, { desk, terminal }) {
    const id = required(given, 'id');
    const known = /^[0-9a-f-]{36}$/.test(id) && (await (await desk()).tenants.revokeKey(id, actor));
    if (!known) throw new CommandError('Aucune clé en vigueur n’a cet identifiant (voir tenant:list).');
    terminal.print('Clé révoquée : elle est refusée partout aussitôt, en dix secondes au plus.');
    return 0;
  },
};

function showOnce(terminal: Terminal, key: string): void {
  terminal.print('');
  terminal.print(`  X-API-KEY: ${key}`);
  terminal.print('');
  terminal.print('Notez cette clé maintenant : elle ne sera plus jamais affichée.');
}

function stateOf({ revokedAt, expiresAt, lastUsedAt }: KeySummary): string {
  if (revokedAt) return `révoquée le ${day(revokedAt)}`;
  const use = lastUsedAt ? `utilisée le ${day(lastUsedAt)}` : 'jamais utilisée';
  return expiresAt ? `${use}, expire le ${day(expiresAt)}` : use;
}

function day(instant: string): string {
  return instant.slice(0, 10);
}
