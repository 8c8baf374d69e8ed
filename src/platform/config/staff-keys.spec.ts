import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Env } from './env.js';
import { parseStaffRules } from './staff-keys.js';

const folder = mkdtempSync(join(tmpdir(), 'opcovia-jwks-'));
const publicKey = { kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid: 'k' };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(content: unknown): string {
  const path = join(folder, 'jwks.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const rules = (variables: Partial<Env>) => parseStaffRules(Object.assign(new Env(), variables));
const issuer = 'https://login.example.test';

describe('the rules for staff tokens', () => {
  it('are none where nothing is said: the door stays shut', () => {
    expect(rules({})).toBeUndefined();
  });

  it('need the issuer and its keys', () => {
    expect(() => rules({ OPCOVIA_STAFF_ISSUER: issuer })).toThrow('go together');
    expect(() => rules({ OPCOVIA_STAFF_JWKS: 'https://login.example.test/jwks' })).toThrow('go together');
  });

  it('take keys from a file', () => {
    const path = fileOf({ keys: [publicKey] });
    expect(rules({ OPCOVIA_STAFF_ISSUER: issuer, OPCOVIA_STAFF_JWKS: path })).toEqual({
      ...{ issuer, audience: 'opcovia-staff', roleClaim: 'roles' },
      source: { keys: [publicKey] },
    });
  });

  it.each([
    ['no JSON', 'x', 'not JSON'],
    ['no key', { keys: [] }, 'no JWKS'],
    ['no list', [], 'no JWKS'],
    ['a private key', { keys: [publicKey, { ...publicKey, d: 'AAAA' }] }, 'secret key'],
    ['a shared secret', { keys: [{ kty: 'oct', k: 'AAAA' }] }, 'secret key'],
  ])('refuse a file with %s', (_what, content, why) => {
    expect(() => rules({ OPCOVIA_STAFF_ISSUER: issuer, OPCOVIA_STAFF_JWKS: fileOf(content) })).toThrow(why);
  });

  it('take an address, which in production is https, and then no local issuer', () => {
    const [address, production] = ['http://127.0.0.1:1/jwks', { NODE_ENV: 'production' } as const];
    const given = { OPCOVIA_STAFF_ISSUER: issuer, OPCOVIA_STAFF_JWKS: address };
    expect(rules(given)).toMatchObject({ source: { url: new URL(address) } });
    expect(() => rules({ ...given, ...production })).toThrow('only https');
    const secure = { ...given, OPCOVIA_STAFF_JWKS: 'https://login.example.test/jwks', ...production };
    expect(rules(secure)).toMatchObject({ issuer });
    expect(() => rules({ ...secure, OPCOVIA_STAFF_ISSUER: 'opcovia-local' })).toThrow('local issuer');
    expect(() => rules({ ...given, OPCOVIA_STAFF_JWKS: 'ftp://login.example.test/jwks' })).toThrow('neither');
    expect(() => rules({ ...given, OPCOVIA_STAFF_JWKS: join(folder, 'absent.json') })).toThrow('cannot be read');
  });
});
