import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { StaffTokens } from '../admin/staff/staff-tokens.js';
import { runCommandLine } from '../cli/run-command-line.js';
import { systemClock } from '../core/clock.js';
import { parseStaffRules } from '../platform/config/staff-keys.js';
import { readEnv } from '../platform/config/read-env.js';
import { localStaffSigner, localStaffVariables } from './local-staff-key.js';

let stateDir: string;
let variables: Record<string, string>;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'opcovia-staff-key-'));
  variables = { OPCOVIA_STATE_DIR: stateDir };
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

async function staffToken(...args: string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const closed = () => Promise.reject(new Error('No database is needed'));
  const code = await runCommandLine(['staff-token', ...args], {
    terminal: { print: (line) => void lines.push(line), readSecret: () => Promise.resolve('') },
    ...{ databaseUrl: closed, desk: closed, apiKey: () => undefined },
    staffKey: () => localStaffSigner(variables),
    stopped: () => new AbortController().signal,
  });
  return { code, text: lines.join('\n') };
}

/** The door as a product on this state directory would have it. */
function door(): StaffTokens {
  const env = readEnv({ ...variables, ...localStaffVariables(variables) });
  return new StaffTokens(parseStaffRules(env), systemClock);
}

describe('tokens of a local installation', () => {
  it('open its own door, and no other one', async () => {
    const { code, text } = await staffToken('--role', 'operator');
    expect(code).toBe(0);
    expect(await door().judge(`Bearer ${text}`)).toEqual({ subject: 'local', role: 'operator' });
    variables = { OPCOVIA_STATE_DIR: mkdtempSync(join(tmpdir(), 'opcovia-staff-key-')) };
    await expect(door().judge(`Bearer ${text}`)).rejects.toMatchObject({ code: 'STAFF_TOKEN_REFUSED' });
    rmSync(variables['OPCOVIA_STATE_DIR'] ?? '', { recursive: true });
  });

  it('live a quarter of an hour, or what is asked for, an hour at most', async () => {
    const lifeOf = async (...args: string[]) => {
      const { exp = 0, iat = 0 } = decodeJwt((await staffToken('--role', 'viewer', ...args)).text);
      return exp - iat;
    };
    expect([await lifeOf(), await lifeOf('--minutes', '60')]).toEqual([900, 3600]);
    for (const minutes of ['61', '0', '1.5', 'long'])
      expect((await staffToken('--role', 'viewer', '--minutes', minutes)).code).toBe(2);
    expect((await staffToken('--role', 'root')).code).toBe(2);
    expect((await staffToken('--role', 'viewer', '--subject', 'alix dupont')).code).toBe(2);
  });

  it('are signed by one key, which its owner alone may read; what others may read is public', async () => {
    const { text } = await staffToken('--role', 'viewer');
    const judge = door();
    const [key, jwks] = ['staff-key.json', 'staff-jwks.json'].map((name) => join(stateDir, name)) as [string, string];
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const { d } = JSON.parse(readFileSync(key, 'utf8')) as { d: string };
    expect(readFileSync(jwks, 'utf8')).not.toContain(d);
    await staffToken('--role', 'admin');
    expect(await judge.judge(`Bearer ${text}`)).toMatchObject({ role: 'viewer' });
    writeFileSync(key, 'damaged');
    expect(await door().judge(`Bearer ${(await staffToken('--role', 'admin')).text}`)).toMatchObject({ role: 'admin' });
  });

  it.each([
    ['in production', { NODE_ENV: 'production' }],
    ['where the configuration names the keys of an issuer', { OPCOVIA_STAFF_JWKS: 'https://login.example.test/jwks' }],
    ['where it names an issuer', { OPCOVIA_STAFF_ISSUER: 'https://login.example.test' }],
  ])('do not exist %s', async (_where, more) => {
    Object.assign(variables, more);
    expect(await staffToken('--role', 'viewer')).toMatchObject({ code: 1, text: expect.stringContaining('locale') });
    expect(localStaffVariables(variables)).toEqual({});
  });
});
