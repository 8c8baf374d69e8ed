import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { openDesk, type Desk } from '../../src/cli/desk.js';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { readEnv } from '../../src/platform/config/read-env.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { Link } from '../support/a-link.js';
import { carelessAbout, runBuilt, type BuiltProcess } from '../support/built-file.js';
import { hunt } from '../support/canaries.js';
import { ask, control, eventually } from '../support/product.js';
import { sendRaw } from '../support/raw-http.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { emptyRedis } from '../support/test-redis.js';

const mark = randomBytes(6).toString('hex');
const canary = (where: string) => `${where}-${mark}`;
const canaries = Object.fromEntries(
  [
    ...['entete', 'cookie', 'basique', 'requete', 'corps', 'fichier', 'chemin', 'webhook', 'parametre', 'idempotence'],
    ...['trace', 'opco', 'jeton', 'secret', 'cle-opco', 'hote', 'rejet', 'motdepasse', 'nom', 'ligne'],
  ].map((where) => [where, canary(where)]),
);

describe('the built file in production, at its most talkative', () => {
  let sandbox: Sandbox;
  let redis: Link;
  let desk: Desk;
  let run: BuiltProcess;
  let url: string;
  let key: string;
  let variables: Record<string, string>;
  let database: { url: string; drop(): Promise<void> };

  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, seed: 'e2e', speed: 0 });
    database = await createEmptyDatabase();
    redis = await Link.to(await emptyRedis('built-file'));
    await migrate(database.url);
    const { host } = new URL(sandbox.url);
    const at = (base: string) => ({ test: { baseUrl: base, tokenUrl: `${base}/oauth/token` } });
    variables = {
      NODE_ENV: 'production',
      NODE_OPTIONS: `--inspect-port=0 --import data:text/javascript,${encodeURIComponent(carelessAbout(canary('rejet')))}`,
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      OPCOVIA_KEYRING: `k1:${randomBytes(32).toString('hex')}`,
      OPCOVIA_HUB_SECRET: `h1:${randomBytes(32).toString('hex')}`,
      OPCOVIA_UPSTREAMS: JSON.stringify({
        akto: at(`${sandbox.url}/akto`),
        'opco-ep': at(`https://${canary('hote')}.invalid/${canary('chemin')}`),
        afdas: at(`https://${host}/${canary('chemin')}`),
      }),
      OPCOVIA_LOG_LEVEL: 'trace',
      ...{ OPCOVIA_API_PORT: '0', OPCOVIA_STAFF_PORT: '0', OPCOVIA_TICK_MS: '50' },
      OPCOVIA_JOB_BACKOFF_MS: '50',
    };
    desk = await openDesk(readEnv(variables));
    await registerTenant();
    run = await start();
    url = /API +: (http:\S+)/.exec(run.printed())?.[1] ?? '';
  });

  afterAll(async () => {
    run.child.kill('SIGKILL');
    await desk.close();
    await sandbox.stop();
    redis.close();
    await database.drop();
  });

  async function start(more: Readonly<Record<string, string>> = {}): Promise<BuiltProcess> {
    const process = runBuilt('main.js', { ...variables, ...more });
    await process.until('Opcovia est prêt');
    return process;
  }

  async function registerTenant(): Promise<void> {
    const issued = await desk.tenants.create({ nom: canary('nom'), environment: 'test', actor: 'cli' });
    key = issued.key;
    for (const opcoId of ['akto', 'opco-ep', 'afdas']) {
      const secret = opcoId === 'akto' ? 'sandbox-secret-akto' : canary('secret');
      const client = { clientId: 'opcovia-demo', clientSecret: secret };
      await desk.clients.set({ opcoId, environment: 'test', ...client, actor: 'cli' });
      await desk.credentials.put(issued.tenant, { opcoId, key: canary('cle-opco'), actor: 'cli' });
    }
    await control(sandbox, '/_sandbox/cfas', { opcoId: 'akto', apiKey: canary('cle-opco') });
  }

  const send = (method: string, path: string, { body, headers = {} }: { body?: unknown; headers?: object } = {}) =>
    ask(`${url}${path}`, {
      method,
      apiKey: key,
      body,
      headers: {
        authorization: `Basic ${Buffer.from(canary('basique')).toString('base64')}`,
        cookie: `session=${canary('cookie')}`,
        'X-Other-Key': canary('entete'),
        traceparent: `00-${canary('trace')}`,
        ...headers,
      },
    });
  const secrets = () => ({ ...canaries, key, keyring: variables['OPCOVIA_KEYRING']?.slice(3) ?? '' });
  const sightings = () => hunt(secrets(), [{ where: 'printed', content: run.printed() }]);
  const fault = (of: object) => control(sandbox, '/_sandbox/faults', of);

  async function reads(): Promise<void> {
    for (const opcoId of ['akto', 'opco-ep', 'afdas']) await send('GET', `/${opcoId}/dossiers/etats`);
    await send('GET', `/akto/dossiers/${canary('chemin')}`);
    await send('GET', `/${canary('chemin')}/dossiers`);
    await send('GET', `/akto/cfakeyinfo?XAPIKEY=${canary('requete')}`);
    await send('GET', `/akto/dossiers/etats?XAPIKEY=${canary('requete')}&x=${canary('parametre')}`);
    await ask(`${url}/webhooks?a=${canary('parametre')}`, { method: 'GET', apiKey: canary('entete') });
    const said = { code: canary('opco'), message: canary('opco'), errors: [{ description: canary('opco') }] };
    for (const status of [400, 401, 403, 422, 429, 500]) {
      await fault({ opcoId: 'akto', method: 'GET', times: 3, kind: 'status', status, body: said });
      await send('GET', '/akto/dossiers/etats', { headers: { 'cache-control': 'no-cache' } });
    }
    await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
    await fault({
      opcoId: 'akto',
      path: '/oauth/token',
      times: 3,
      kind: 'status',
      status: 400,
      body: { error: canary('jeton') },
    });
    await fault({ opcoId: 'akto', path: '/v*', times: 3, kind: 'expire-token' });
    await send('GET', '/akto/dossiers/etats', { headers: { 'cache-control': 'no-cache' } });
    await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
  }

  async function deposits(): Promise<void> {
    const cerfa = exampleCerfa({ rank: 3 });
    const headers = { 'idempotency-key': canary('idempotence') };
    await send('POST', '/akto/dossiers', { body: { cerfa: { ...cerfa, inconnu: canary('corps') } }, headers });
    await send('POST', '/akto/dossiers', { body: `{"nom": "${canary('corps')}" `, headers });
    await send('POST', '/akto/documents', {
      body: {
        typeFichier: 'convention',
        objets: [{ typeObjet: 'dossier', idObjet: canary('corps') }],
        _files: { [`${canary('fichier')}.pdf`]: Buffer.from(`%PDF-1.4 ${canary('fichier')} %%EOF`).toString('base64') },
      },
      headers,
    });
    const named = { ...cerfa, apprenti: { ...cerfa.apprenti, nomNaissance: canary('nom') } };
    await send('POST', '/akto/dossiers', { body: { cerfa: named } });
    await send('PUT', '/akto/credentials', { body: { cle: `${canary('cle-opco')} en deux mots` } });
  }

  /** PostgreSQL repeats values in messages and details of its errors. */
  async function databaseErrors(): Promise<void> {
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    await owner.query(`
      CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'duplicate %', NEW.url USING ERRCODE = '23505', DETAIL = 'Key (url)=(' || NEW.url || ')'; END $$;
      CREATE TRIGGER taken BEFORE INSERT ON webhooks FOR EACH ROW EXECUTE FUNCTION taken()`);
    const draft = {
      url: `https://cfa.example.org/${canary('webhook')}?jeton=${canary('parametre')}`,
      events: ['job.completed'],
    };
    expect((await send('POST', '/webhooks', { body: draft })).status).toBe(500);
    await owner.query('DROP FUNCTION taken CASCADE');
    await owner.end();
    expect((await send('POST', '/webhooks', { body: draft })).status).toBe(201);
  }

  async function withoutRedis(): Promise<void> {
    redis.cut();
    await send('GET', '/akto/dossiers/etats', { headers: { 'cache-control': 'no-cache' } });
    await send('POST', '/akto/dossiers', { body: { cerfa: exampleCerfa({ rank: 4 }) } });
    redis.mend();
  }

  it('prints none of what came in, whatever became of it', async () => {
    for (const flow of [reads, deposits, databaseErrors, withoutRedis]) await flow();
    // Lines come in bunches.
    await eventually(
      () => Promise.resolve(run.printed()),
      (text) => (text.match(/"msg":"answered"/g) ?? []).length > 20 && text.includes('"code":"23505"'),
    );
    expect(sightings()).toEqual([]);
  });

  it('prints one whole line for each line, whatever a request tries', async () => {
    const forged = `{"level":"fatal","msg":"${canary('ligne')}"}`;
    const breaks = ['%0a', '%0d%0a', '%00', '%e2%80%a8', '%1b[2J'];
    for (const each of breaks) await send('GET', `/akto/dossiers/x${each}${encodeURIComponent(forged)}`);
    for (const each of breaks) await send('GET', `/${each}${encodeURIComponent(forged)}?${each}=${each}`);
    for (const id of [`a\n${forged}`, `a\r${forged}`, `a\u001b[2J`, 'x'.repeat(65)]) {
      await sendRaw(url, `GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: ${id}\r\n\r\n`);
    }
    const lines = run.printed().split('\n');
    for (const line of lines.filter((each) => each.startsWith('{'))) {
      expect(Object.keys(JSON.parse(line) as object)).toEqual(expect.arrayContaining(['level', 'time', 'msg']));
    }
    expect(run.printed()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028]/);
    expect(sightings()).toEqual([]);
  });

  it('has no secret among its arguments', () => {
    const content = readFileSync(`/proc/${run.child.pid}/cmdline`);
    expect(content.toString()).toContain('dist/src/main.js');
    expect(hunt(secrets(), [{ where: 'cmdline', content }])).toEqual([]);
  });

  it('opens no inspector when it is asked to by signal', async () => {
    run.child.kill('SIGUSR1');
    // It would be opened by a thread of its own, a moment later.
    for (let asked = 0; asked < 200; asked++) expect((await send('GET', '/health')).status).toBe(200);
    expect(run.printed()).not.toMatch(/debugger|inspector/i);
  });

  it('ends after a rejection that nobody caught with one line that names only places', async () => {
    run.child.kill('SIGUSR2');
    expect(await run.ended).toBe(1);
    const [, last = ''] = /(\{"level":"fatal".*)\n/.exec(run.printed()) ?? [];
    expect(JSON.parse(last)).toMatchObject({ err: { class: 'Error', at: expect.any(Array) }, msg: 'process ends' });
    expect(sightings()).toEqual([]);
  });

  it('prints nothing more when it is aborted', async () => {
    run = await start();
    url = /API +: (http:\S+)/.exec(run.printed())?.[1] ?? '';
    await send('GET', '/akto/dossiers/etats');
    run.child.kill('SIGABRT');
    expect(await run.ended).toBeNull();
    expect(sightings()).toEqual([]);
  });

  it('keeps the secrets of its configuration to itself when it cannot start', async () => {
    const away = `postgres://${canary('nom')}:${canary('motdepasse')}@127.0.0.1:1/${canary('nom')}`;
    run = runBuilt('main.js', { ...variables, DATABASE_URL: away });
    await run.until('TypeOrmModule');
    expect(sightings()).toEqual([]);
    run.child.kill('SIGKILL');
    const text = canary('motdepasse');
    run = runBuilt('main.js', {
      ...variables,
      DATABASE_URL: `postgres://u:${text}@[x/db`,
      OPCOVIA_KEYRING: `k1:${text}`,
    });
    expect(await run.ended).toBe(1);
    expect(run.printed()).toContain('OPCOVIA_KEYRING');
    expect(sightings()).toEqual([]);
  });
});
