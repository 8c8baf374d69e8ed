import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, readEnv } from './read-env.js';
import { settingNotes } from './setting.js';

const keyring = `k1:${randomBytes(32).toString('hex')}`;
const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://opcovia:Kx8-dvwQ2m@db.example/opcovia',
  REDIS_URL: 'rediss://:p9Zt-4hJvB@redis.example:6380',
  OPCOVIA_KEYRING: keyring,
  OPCOVIA_HUB_SECRET: `h1:${randomBytes(32).toString('hex')}`,
};

/** The lines of a refusal; fails when the configuration is accepted. */
function faultsOf(variables: Readonly<Record<string, string | undefined>>): string[] {
  try {
    readEnv(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n').slice(1);
  }
  throw new Error('it was accepted');
}

describe('the configuration of production', () => {
  it('is accepted when everything it needs is there', () => {
    expect(readEnv(production)).toMatchObject(production);
  });

  it.each(['DATABASE_URL', 'REDIS_URL', 'OPCOVIA_KEYRING', 'OPCOVIA_HUB_SECRET'])(
    'does without %s in no case',
    (name) => {
      for (const value of [undefined, '', '   ']) {
        expect(faultsOf({ ...production, [name]: value })).toEqual([`  ${name}: required in production`]);
      }
    },
  );

  it.each([
    ['the sandbox', { OPCOVIA_SANDBOX_URL: 'http://127.0.0.1:4010' }, 'OPCOVIA_SANDBOX_URL'],
    ['webhooks into private networks', { OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0/8:80' }, 'OPCOVIA_WEBHOOK'],
    ['a published password', { DATABASE_URL: 'postgres://app:postgres@db.example/opcovia' }, 'DATABASE_URL'],
    ['a password equal to its user', { DATABASE_APP_URL: 'postgres://opcovia-app:opcovia-app@db/x' }, 'DATABASE_APP'],
    ['a short password', { REDIS_URL: 'redis://:abc1234@redis.example' }, 'REDIS_URL'],
    ['a published password of the cache', { CACHE_REDIS_URL: 'redis://:changeme1@cache.example' }, 'CACHE_REDIS_URL'],
  ])('refuses %s', (_what, more, name) => {
    const faults = faultsOf({ ...production, ...more });
    expect(faults).toEqual([expect.stringContaining(name)]);
    expect(faults[0]).toContain('refused in production');
  });

  it('leaves the password to the operator where there is none: a socket, a certificate, a network of its own', () => {
    const without = { DATABASE_URL: 'postgres:///opcovia?host=/run/postgresql', REDIS_URL: 'redis://redis:6379' };
    expect(readEnv({ ...production, ...without })).toMatchObject(without);
  });
});

describe('a bad value', () => {
  const canary = 'C4n4ry-Zq7';

  it.each(['OPCOVIA_HUB_URL', 'OPCOVIA_HUB_ADVERTISED_URL'])('of %s is an address that nobody could dial', (name) => {
    for (const value of ['http://hub:99999', 'http://[::', 'http://a b', 'ftp://hub', 'http://hub/path'])
      expect(faultsOf({ [name]: value })).toEqual([expect.stringContaining(name)]);
    for (const value of ['http://hub:9464', 'https://hub.example/', 'http://[::1]:9464'])
      expect(readEnv({ [name]: value })).toMatchObject({ [name]: value });
  });

  it.each(settingNotes().map(({ name }) => name))('of %s is never printed', (name) => {
    try {
      readEnv({ ...production, [name]: `${canary}:${canary}@${canary}` });
    } catch (error) {
      expect(error instanceof Error ? `${error.message}${error.stack}` : error).not.toContain(canary);
    }
  });

  it('is named together with all the others', () => {
    const bad = {
      NODE_ENV: 'staging',
      OPCOVIA_API_PORT: 'abc',
      OPCOVIA_ROLES: 'api,boss',
      DATABASE_URL: 'mysql://x/y',
      REDIS_URL: 'localhost:6379',
      OPCOVIA_KEYRING: 'k1:deadbeef',
      OPCOVIA_UPSTREAMS: '{',
    };
    const faults = faultsOf(bad);
    for (const name of Object.keys(bad))
      expect(faults.filter((fault) => fault.startsWith(`  ${name}:`))).toHaveLength(1);
  });
});

describe('a secret in a file', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'opcovia-secret-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  function file(content: string | Buffer, mode = 0o444): string {
    const path = join(folder, randomBytes(6).toString('hex'));
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  const secrets = settingNotes().filter(({ secret }) => secret);
  const fromFile = { ...production, OPCOVIA_KEYRING: undefined };

  it.each(secrets.map(({ name }) => name))('can be %s, with the line break that editors add', (name) => {
    const values: Readonly<Record<string, string>> = {
      ...production,
      DATABASE_APP_URL: production.DATABASE_URL,
      CACHE_REDIS_URL: production.REDIS_URL,
      OPCOVIA_HUB_INSTANCES: `one:${randomBytes(32).toString('hex')}`,
      OPCOVIA_HUB_INSTANCE_SECRET: randomBytes(32).toString('hex'),
    };
    const value = values[name] ?? '0123456789abcdef-0123456789abcdef';
    const env = readEnv({ ...production, [name]: undefined, [`${name}_FILE`]: file(`${value}\r\n`) });
    expect(env[name as keyof typeof env]).toBe(value);
  });

  it.each([
    ['is not there', () => join(folder, 'absent'), 'cannot be read (ENOENT)'],
    ['is a folder', () => folder, 'is not a file'],
    ['is empty', () => file('\n \n'), 'is empty'],
    ['is no text', () => file(randomBytes(32)), 'is not a text file'],
    ['is big', () => file('x'.repeat(70_000)), 'is too big for a secret'],
    ['may be written by everybody', () => file(keyring, 0o666), 'may be written by everybody'],
  ])('is refused once when the file %s, without its path', (_what, path, reason) => {
    const faults = faultsOf({ ...fromFile, OPCOVIA_KEYRING_FILE: path() });
    expect(faults).toEqual([`  OPCOVIA_KEYRING_FILE: ${reason}`]);
  });

  it('is refused when it is given in the environment as well, even the same one', () => {
    expect(faultsOf({ ...production, OPCOVIA_KEYRING_FILE: file(keyring) })).toEqual([
      '  OPCOVIA_KEYRING: given twice, also as OPCOVIA_KEYRING_FILE',
    ]);
  });

  it('is judged like one in the environment, and shown as little', () => {
    const faults = faultsOf({ ...fromFile, OPCOVIA_KEYRING_FILE: file(`${keyring.slice(0, -2)}\n`) });
    expect(faults).toEqual(['  OPCOVIA_KEYRING: key 1 is neither hex nor base64']);
  });
});
