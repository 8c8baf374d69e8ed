import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { exampleFacture } from '../../src/core/contract/facture.js';
import { checkColumn, dataKeySealedColumns, ringSealedColumns } from '../../src/tenancy/sealed-columns.js';
import { OpcoClientsRepository } from '../../src/tenancy/opco-clients.repository.js';
import { databaseGrounds, hunt, redisGrounds, type Canaries, type Ground } from '../support/canaries.js';
import { control, eventually, startProduct, type Asked, type Product } from '../support/product.js';

const keyId = 'K1-of-this-test';
const cleOpco = 'cle-opco-2f8d1c7b9e4a';
const clientSecret = 'software-secret-7d1e5a9c';
const pdf = '%PDF-CANARY-81c4f0';

/** `table.column` for every row of the page whose form is one of those; all of them without. */
function documented(form?: string): string[] {
  const page = readFileSync('docs/data-at-rest.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (`[a-z_`, ]+`) \| ([a-z ]+) \|/gm)];
  return rows
    .filter(([, , , is]) => form === undefined || is === form)
    .flatMap(([, table, columns = '']) => [...columns.matchAll(/[a-z_]+/g)].map(([column]) => `${table}.${column}`))
    .sort();
}

describe('data at rest', () => {
  let product: Product;
  let owner: pg.Client;
  let canaries: Canaries;
  const redis: Ground[] = [];

  beforeAll(async () => {
    product = await startProduct({ OPCOVIA_KEYRING: `${keyId}:${keyBytes.toString('hex')}` });
    owner = new pg.Client({ connectionString: product.databaseUrl });
    await owner.connect();
    await owner.query('SET ROLE opcovia_system');
    canaries = await live();
  });

  afterAll(async () => {
    await owner.end();
    await product.stop();
  });

  const keyBytes = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));

  /** Everything that leaves a secret or a person behind: a tenant, keys, a webhook, deposits good and bad, reads, snapshots. */
  async function live(): Promise<Canaries> {
    const apiKey = await product.newTenant('CFA');
    const ask = (method: string, path: string, body?: unknown) => product.ask(apiKey, method, path, { body });
    const clients = product.opcovia.api.get(OpcoClientsRepository);
    const client = { opcoId: 'afdas', environment: 'live', clientId: 'software', clientSecret } as const;
    await clients.set({ ...client, actor: 'cli' });
    await control(product.sandbox, '/_sandbox/cfas', { opcoId: 'akto', apiKey: cleOpco });
    expect((await ask('PUT', '/akto/credentials', { cle: cleOpco })).status).toBe(200);
    const url = 'https://cfa.example.org/hook';
    const webhook = await ask('POST', '/webhooks', { url, events: ['job.completed'] });
    expect(webhook.status).toBe(201);
    const cerfa = exampleCerfa({ rank: 700 });
    const apprenti = { ...cerfa.apprenti, nom: 'Nom-Canari-5d2f', prenom: 'Prénom-Canari-5d2f' };
    const ticket = await ask('POST', '/akto/dossiers', { cerfa: { ...cerfa, apprenti } });
    redis.push(...(await redisGrounds(product.redisUrl)));
    const settled = (statusUrl: string, status: string) =>
      eventually(
        () => ask('GET', statusUrl),
        ({ body }) => body.status === status,
      );
    const job = await settled(ticket.body.statusUrl, 'completed');
    const { numeroInterne } = job.body.result;
    const document = {
      typeFichier: 'convention',
      objets: [{ typeObjet: 'dossier', idObjet: numeroInterne }],
      _files: { 'fichier-canari-5d2f.pdf': Buffer.from(`%PDF-1.4\n${pdf}\n%%EOF\n`).toString('base64') },
    };
    const sent = await ask('POST', '/akto/documents', document);
    expect(sent.status).toBe(202);
    await settled(sent.body.statusUrl, 'completed');
    const said = { message: 'refus-canari-5d2f' };
    await control(product.sandbox, '/_sandbox/faults', [
      { opcoId: 'akto', method: 'POST', path: '/v2/dossiers', times: 1, kind: 'status', status: 422, body: said },
    ]);
    const refused = await ask('POST', '/akto/dossiers', { cerfa: exampleCerfa({ rank: 701 }) });
    await settled(refused.body.statusUrl, 'failed');
    await ask('GET', '/akto/dossiers/etats');
    expect((await ask('GET', `/akto/dossiers/${numeroInterne}`)).text).toContain(apprenti.nom);
    await eventually(
      () => owner.query('SELECT 1 FROM snapshots WHERE numero_interne = $1', [numeroInterne]),
      ({ rowCount }) => (rowCount ?? 0) > 0,
    );
    await bill(ask, numeroInterne);
    redis.push(...(await redisGrounds(product.redisUrl)));
    return {
      apiKey,
      cleOpco,
      clientSecret,
      ring: keyBytes.toString('hex'),
      ringBytes: keyBytes.toString('latin1'),
      webhookSecret: webhook.body.secret,
      nir: String(apprenti.nir),
      nom: apprenti.nom,
      prenom: apprenti.prenom,
      naissance: String(apprenti.dateNaissance),
      refus: said.message,
      fichier: 'fichier-canari-5d2f.pdf',
      pdf,
    };
  }

  /** An invoice on that dossier, as the OPCO lists it. */
  async function bill(ask: (method: string, path: string, body?: unknown) => Promise<Asked>, numeroInterne: string) {
    const named = { opcoId: 'akto', apiKey: cleOpco, numeroInterne };
    await control(product.sandbox, '/_sandbox/etat', { ...named, etat: 'ENGAGE' });
    const { cerfa } = (await ask('GET', `/akto/dossiers/${numeroInterne}`)).body;
    const { lignes, ...facture } = exampleFacture('F-1', cerfa.numeroExterne);
    const lines = { montantTotal: 1, lignes: [{ ...lignes[0], montant: 1 }] };
    expect((await ask('POST', '/akto/factures', { ...facture, ...lines })).status).toBe(202);
    await eventually(
      () => owner.query('SELECT 1 FROM watched_factures'),
      ({ rowCount }) => (rowCount ?? 0) > 0,
      40_000,
    );
  }

  it('shows no secret and no person in any table, plain, in hex or in base64', async () => {
    const grounds = await databaseGrounds(product.databaseUrl);
    expect(grounds.length).toBeGreaterThan(100);
    expect(hunt(canaries, grounds)).toEqual([]);
  });

  it('shows none in Redis either, where there are cached answers and jobs', () => {
    for (const kind of ['redis opcovia:cache:', 'redis opcovia:queue:'])
      expect([kind, redis.some(({ where }) => where.startsWith(kind))]).toEqual([kind, true]);
    expect(hunt(canaries, redis)).toEqual([]);
  });

  it('lies in the columns of docs/data-at-rest.md, and the page knows them all', async () => {
    const { rows } = await owner.query<{ name: string }>(
      `SELECT c.relname || '.' || a.attname AS name
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace`,
    );
    expect(documented()).toEqual(rows.map(({ name }) => name).sort());
  });

  it('is sealed in the registered columns and in no other, by the ring or by a data key as registered', async () => {
    const names = (columns: readonly { table: string; column: string }[]) =>
      columns.map(({ table, column }) => `${table}.${column}`).sort();
    const byRing = names([...ringSealedColumns, checkColumn]);
    const byDataKey = names(dataKeySealedColumns);
    expect(documented('sealed')).toEqual([...byRing, ...byDataKey].sort());
    const found = { ring: new Set<string>(), dataKey: new Set<string>() };
    for (const { where, content } of await databaseGrounds(product.databaseUrl)) {
      const column = where.replace('database ', '').replaceAll('"', '');
      const values = String(content)
        .split('\n')
        .filter((value) => value !== '');
      const sealed = values.filter((value) => /^v1\.[\w-]+\.[\w-]{16}\.[\w-]*\.[\w-]{22}$/.test(value));
      // A registered column holds nothing else; another one holds none.
      if (sealed.length > 0) expect([column, sealed.length]).toEqual([column, values.length]);
      for (const value of sealed) found[value.split('.')[1] === keyId ? 'ring' : 'dataKey'].add(column);
    }
    expect([...found.ring].sort()).toEqual(byRing.filter((name) => name !== 'webhooks.sealed_previous_secret'));
    // Nothing was doubtful about what was deposited here, and nothing had steps.
    const absent = ['jobs.warnings', 'job_step_results.result'];
    expect([...found.dataKey].sort()).toEqual(byDataKey.filter((name) => !absent.includes(name)));
  });
});
