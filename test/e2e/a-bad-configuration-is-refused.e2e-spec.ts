import { randomBytes } from 'node:crypto';
import { runBuilt } from '../support/built-file.js';

/** A second on a machine of its own; a test run shares its cores with everything else. */
const longestMs = 55_000;
const canary = 'Zk4-canari-9';

// What is judged how is in src/platform/config/read-env.spec.ts; here the built file is seen to refuse, in time and in silence.
describe('the built file, in production', () => {
  const [key, hubKey] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  const [databaseWord, redisWord] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')];
  const sound: Readonly<Record<string, string>> = {
    NODE_ENV: 'production',
    DATABASE_URL: `postgres://opcovia:${databaseWord}@127.0.0.1:1/opcovia`,
    REDIS_URL: `redis://:${redisWord}@127.0.0.1:1/0`,
    OPCOVIA_KEYRING: `k1:${key}`,
    OPCOVIA_HUB_SECRET: `h1:${hubKey}`,
  };

  /** What it printed on its way out; fails unless it goes within ten seconds, with exit code 1 and no secret shown. */
  async function refusal(variables: Readonly<Record<string, string>>): Promise<string> {
    const run = runBuilt('main.js', variables);
    const late = setTimeout(() => run.child.kill('SIGKILL'), longestMs);
    expect(await run.ended).toBe(1);
    clearTimeout(late);
    for (const secret of [key.slice(4), hubKey.slice(4), databaseWord, redisWord, canary])
      expect(run.printed()).not.toContain(secret);
    return run.printed();
  }

  it.each(['DATABASE_URL', 'REDIS_URL', 'OPCOVIA_KEYRING', 'OPCOVIA_HUB_SECRET'])(
    'does not start without %s',
    async (name) => {
      const { [name]: _, ...without } = sound;
      expect(await refusal(without)).toBe(`Configuration refused:\n  ${name}: required in production\n`);
    },
  );

  it('names every wrong variable at once, and shows no value', async () => {
    const wrong = {
      OPCOVIA_API_PORT: 'abc',
      OPCOVIA_STAFF_PORT: '65536',
      OPCOVIA_DATABASE_POOL: 'Infinity',
      OPCOVIA_ROLES: `api;${canary}`,
      OPCOVIA_LOG_LEVEL: canary,
      OPCOVIA_SANDBOX_URL: 'http://127.0.0.1:4010',
      OPCOVIA_UPSTREAMS: `{"akto": "${canary}"}`,
      DATABASE_URL: `mysql://u:${canary}@127.0.0.1/x`,
      REDIS_URL: `redis://:redis@127.0.0.1:1`,
      OPCOVIA_KEYRING: `k1:${key},k1:${canary}`,
      OPCOVIA_HUB_SECRET: `h1:${hubKey},h1:${canary}`,
    };
    const printed = await refusal({ ...sound, ...wrong });
    const named = printed.split('\n').flatMap((line) => /^ {2}([A-Z_]+): /.exec(line)?.[1] ?? []);
    expect(named.sort()).toEqual(Object.keys(wrong).sort());
  });

  it('does not start on a key of 31 bytes, nor on a file that is not there', async () => {
    const { OPCOVIA_KEYRING: _, ...others } = sound;
    expect(await refusal({ ...others, OPCOVIA_KEYRING: `k1:${key.slice(2)}` })).toContain(
      '  OPCOVIA_KEYRING: key 1 is',
    );
    expect(await refusal({ ...others, OPCOVIA_KEYRING_FILE: '/nowhere/at/all' })).toBe(
      'Configuration refused:\n  OPCOVIA_KEYRING_FILE: cannot be read (ENOENT)\n',
    );
  });
});
