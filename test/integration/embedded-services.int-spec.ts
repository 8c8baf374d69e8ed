import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { EmbeddedServices } from '../../src/dev/embedded-services.js';
import { localSecrets } from '../../src/dev/local-secrets.js';
import { isAlive, readProcessRecord, type ProcessRecord } from '../../src/dev/process-identity.js';
import { ask } from '../../src/dev/ports.js';

const BUILT = resolve('dist/src/dev/embedded-services.js');
/** A user of the services in a process of its own: says what it got, gives it back when told to. */
const USER = `
  const [built, options] = process.argv.slice(1);
  const { acquireEmbeddedServices } = await import(built);
  const services = await acquireEmbeddedServices(JSON.parse(options));
  console.log(JSON.stringify(services));
  process.stdin.once('data', async () => { await services.release(); console.log('released'); process.exit(0); });
`;

let stateDir: string;
let users: User[];

interface User {
  readonly process: ChildProcess;
  readonly services: EmbeddedServices;
  nextLine(): Promise<string>;
}

async function aUser(more: object = {}): Promise<User> {
  const options = { stateDir, sandbox: false, needPostgres: true, needRedis: true, fsync: false, ...more };
  const child = spawn(process.execPath, ['--input-type=module', '-e', USER, BUILT, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  const user = { process: child, services: JSON.parse(await nextLine()) as EmbeddedServices, nextLine };
  users.push(user);
  return user;
}

async function release(user: User): Promise<void> {
  const ended = once(user.process, 'exit');
  user.process.stdin?.write('release\n');
  expect(await user.nextLine()).toBe('released');
  await ended;
}

async function kill(user: User): Promise<void> {
  const ended = once(user.process, 'exit');
  user.process.kill('SIGKILL');
  await ended;
}

function recordOf(name: 'postgres' | 'redis' | 'keeper'): ProcessRecord {
  const record = readProcessRecord(join(stateDir, name === 'keeper' ? 'keeper.lock' : `${name}.pid`));
  if (!record) throw new Error(`no record of ${name}`);
  return record;
}

function everyone(): ProcessRecord[] {
  return [recordOf('keeper'), recordOf('postgres'), recordOf('redis')];
}

/** The services are gone at once, the keeper ends a moment after it has said so. */
async function gone([keeper, ...services]: readonly ProcessRecord[]): Promise<void> {
  expect(services.some(isAlive)).toBe(false);
  await until(() => !keeper || !isAlive(keeper));
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(20);
}

async function query(url: string | undefined, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client
    .query<Record<string, unknown>>(text)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

async function answers({ services }: User): Promise<boolean> {
  const pong = await ask(Number(new URL(services.redisUrl ?? '').port), 'PING\r\n', 1_000);
  const rows = await query(services.databaseUrl, 'SELECT 1').catch(() => []);
  return pong.startsWith('+PONG') && rows.length === 1;
}

describe('embedded services', () => {
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'opcovia-services-'));
    // Under root a directory closed to others would send the data to another place, which would remain.
    chmodSync(stateDir, 0o755);
    users = [];
  });

  afterEach(async () => {
    for (const user of users) if (user.process.exitCode === null && user.process.signalCode === null) await kill(user);
    await until(() => !existsSync(join(stateDir, 'keeper.lock')));
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('give an owner who may create and grant roles but is no superuser', async () => {
    const { services } = await aUser({ needRedis: false });
    const role = `r_${randomBytes(4).toString('hex')}`;
    await query(services.databaseUrl, `CREATE ROLE ${role} NOLOGIN; GRANT ${role} TO CURRENT_USER; SET ROLE ${role}`);
    const rows = await query(
      services.databaseUrl,
      'SELECT current_user AS name, rolsuper FROM pg_roles WHERE rolname = current_user',
    );
    expect(rows).toEqual([{ name: 'opcovia_owner', rolsuper: false }]);
    expect(services).toMatchObject({ redisKind: 'given', degraded: false });
    expect(services.redisUrl).toBeUndefined();
  });

  it('are shared by two users who come at the same instant, and stop with the last of them', async () => {
    const [first, second] = await Promise.all([aUser(), aUser()]);
    expect(first.services).toEqual(second.services);
    const processes = everyone();
    await release(first);
    expect(processes.every(isAlive)).toBe(true);
    expect(await answers(second)).toBe(true);
    await release(second);
    await gone(processes);
  });

  it('stop when their only user is killed, and keep data and URLs for the next', async () => {
    const killed = await aUser();
    await query(killed.services.databaseUrl, 'CREATE TABLE kept (n int)');
    const processes = everyone();
    await kill(killed);
    await until(() => !processes.some(isAlive));
    const next = await aUser();
    expect(next.services).toEqual(killed.services);
    expect(await query(next.services.databaseUrl, 'SELECT * FROM kept')).toEqual([]);
    await release(next);
  });

  it('are cleaned up by the next start when the keeper and its user were killed', async () => {
    const user = await aUser();
    const left = everyone();
    process.kill(recordOf('keeper').pid, 'SIGKILL');
    await kill(user);
    expect(left.slice(1).every(isAlive)).toBe(true);
    const next = await aUser();
    expect(left.some(isAlive)).toBe(false);
    expect(await answers(next)).toBe(true);
    const processes = everyone();
    await release(next);
    await gone(processes);
  });

  it('are stopped by their last user when only the keeper was killed', async () => {
    const user = await aUser();
    const left = everyone();
    process.kill(recordOf('keeper').pid, 'SIGKILL');
    await until(() => !isAlive(left[0] as ProcessRecord));
    await release(user);
    expect(left.some(isAlive)).toBe(false);
  });

  it('come back on the same ports when PostgreSQL and Redis are killed', async () => {
    const user = await aUser();
    const [, postgres, redis] = everyone() as [ProcessRecord, ProcessRecord, ProcessRecord];
    process.kill(postgres.pid, 'SIGKILL');
    process.kill(redis.pid, 'SIGKILL');
    await until(() => !isAlive(postgres) && !isAlive(redis));
    await until(() => answers(user));
    await release(user);
  });

  it('outlive their last user for as long as it asked for', async () => {
    const first = await aUser({ needRedis: false, lingerSeconds: 20 });
    const [keeper, postgres] = [recordOf('keeper'), recordOf('postgres')];
    await release(first);
    const second = await aUser({ needRedis: false });
    expect([recordOf('keeper'), recordOf('postgres')]).toEqual([keeper, postgres]);
    await release(second);
    expect(isAlive(postgres)).toBe(false);
  });

  it('keep their secrets in files that only the owner reads, and the key ring for ever', async () => {
    const user = await aUser({ needRedis: false });
    const secrets = localSecrets(stateDir);
    expect(secrets.keyring).toMatch(/^k1:[0-9a-f]{64}$/);
    expect(new Set(Object.values(secrets).map((each) => each.replace(/^.*:/, ''))).size).toBe(3);
    expect(localSecrets(stateDir)).toEqual(secrets);
    for (const name of ['keyring', 'hub-secret', 'hub-instances', 'keeper.json', 'postgres.passwords', 'keeper.log']) {
      expect(statSync(join(stateDir, name)).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(join(stateDir, 'keeper.log'), 'utf8')).not.toContain(
      new URL(user.services.databaseUrl ?? '').password,
    );
    await release(user);
  });
});
