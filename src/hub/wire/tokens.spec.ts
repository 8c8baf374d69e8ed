import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { generateKeyPair, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { ManualClock } from '../../../test/support/an-exchange.js';
import { parseHubKeys } from '../../platform/config/hub-secrets.js';
import { HubTokens, toleranceSeconds } from './tokens.js';

const secret = randomBytes(32);
const older = randomBytes(32);
const clock = new ManualClock();
const tokensWith = (text: string) => new HubTokens(parseHubKeys(text), { lifeSeconds: 600 }, clock);
const tokens = tokensWith(`k2:${secret.toString('hex')},k1:${older.toString('hex')}`);
const header: JWTHeaderParameters = { alg: 'HS256', typ: 'opcovia-hub+jwt', kid: 'k2' };
const now = () => Math.floor(clock.now() / 1000);
const claims = (): JWTPayload => ({
  ...{ iss: 'opcovia-hub', aud: 'opcovia-hub-line', sub: 'one', jti: 'j' },
  ...{ iat: now(), exp: now() + 600 },
});
/** Signed with the right secret, whatever is in it; a claim of `undefined` is left out. */
const signed = (changes: Record<string, unknown> = {}, head: Record<string, unknown> = {}, key = secret) =>
  new SignJWT({ ...claims(), ...changes } as JWTPayload)
    .setProtectedHeader({ ...header, ...head })
    .sign(key, head['crit'] ? { crit: { mine: true } } : {});
const encoded = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

describe('a hub token', () => {
  it('that we issued lets its instance in until it ends', async () => {
    const { token, expiresAt } = await tokens.issue('one');
    expect(expiresAt).toBe((now() + 600) * 1000);
    expect(await tokens.verify(token)).toEqual({ instance: 'one', expiresAt });
    expect(await tokens.verify(await signed())).toMatchObject({ instance: 'one' });
  });

  it('says who issued it, for whom, for what, when and which one it is', async () => {
    const [head = '', body = ''] = (await tokens.issue('one')).token.split('.');
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual(header);
    expect(JSON.parse(Buffer.from(body, 'base64url').toString())).toEqual({ ...claims(), jti: expect.any(String) });
  });

  it('is still good under the older of two secrets, and no longer when that is gone', async () => {
    const old = await signed({}, { kid: 'k1' }, older);
    expect(await tokens.verify(old)).toMatchObject({ instance: 'one' });
    expect(await tokensWith(`k2:${secret.toString('hex')}`).verify(old)).toBeUndefined();
  });

  it.each([
    ['alg none', 'eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJwcm94eS0xIiwiZXhwIjo0MTAyNDQ0ODAwfQ.'],
    [
      'signed with "secret"',
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJwcm94eS0xIiwiZXhwIjo0MTAyNDQ0ODAwfQ.Lgdo9R-YevBqeiFWgpgGMWVGxZNqPZha5uIV47FAwJ4',
    ],
    [
      'signed with nothing',
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJwcm94eS0xIiwiZXhwIjo0MTAyNDQ0ODAwfQ.260jx5JPGO1NUBLfHUIg4B-pQ8cLft6HIpF2MEKTnyg',
    ],
    ['empty', ''],
    ['dots', '..'],
    ['an API key', `opv_test_${'a'.repeat(43)}`],
    ['a megabyte', `${encoded({ alg: 'HS256' })}.${'a'.repeat(1_000_000)}`],
  ])('is refused when it is a forgery: %s', async (_what, token) => expect(await tokens.verify(token)).toBeUndefined());

  it.each([
    ['typ', { typ: 'JWT' }],
    ['typ left out', { typ: undefined }],
    ['kid left out', { kid: undefined }],
    ['kid unknown', { kid: 'k3' }],
    ['kid of an object', { kid: 'constructor' }],
    ['kid a path', { kid: '../../dev/null' }],
    ['jwk', { jwk: { kty: 'oct', k: secret.toString('base64url') } }],
    ['jku', { jku: 'https://keys.example/jwks' }],
    ['x5u', { x5u: 'https://keys.example/cert' }],
    ['crit', { crit: ['mine'], mine: 1 }],
    ['another algorithm of ours', { alg: 'HS384' }],
    ['and another', { alg: 'HS512' }],
  ])('is refused for its header: %s', async (_what, head) => {
    const token = await signed({}, head, 'alg' in head ? randomBytes(64) : secret);
    expect(await tokens.verify(token)).toBeUndefined();
  });

  it.each([
    ['alg none', { ...header, alg: 'none' }],
    ['alg None', { ...header, alg: 'None' }],
    ['alg left out', { typ: header.typ, kid: 'k2' }],
    ['alg in a list', { ...header, alg: ['HS256'] }],
    ['alg said twice', '{"alg":"none","alg":"HS256","typ":"opcovia-hub+jwt","kid":"k2"}'],
    ['alg said twice, the good one first', '{"alg":"HS256","alg":"none","typ":"opcovia-hub+jwt","kid":"k2"}'],
  ])('with the signature of a good one is refused for its header: %s', async (_what, head) => {
    const [, body, signature] = (await signed()).split('.');
    expect(await tokens.verify(`${encoded(head)}.${body}.${signature}`)).toBeUndefined();
    expect(await tokens.verify(`${encoded(head)}.${body}.`)).toBeUndefined();
  });

  it('of a public key is refused', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const token = await new SignJWT(claims()).setProtectedHeader({ ...header, alg: 'ES256' }).sign(privateKey);
    expect(await tokens.verify(token)).toBeUndefined();
  });

  it.each([
    ['expired 61 s ago', () => ({ exp: now() - 61, iat: now() - 600 })],
    ['expired as long ago as is tolerated', () => ({ exp: now() - toleranceSeconds, iat: now() - 600 })],
    ['exp missing', () => ({ exp: undefined })],
    ['exp as text', () => ({ exp: String(now() + 600) })],
    ['iat missing', () => ({ iat: undefined })],
    ['iat in ten minutes', () => ({ iat: now() + 600, exp: now() + 900 })],
    ['nbf in ten minutes', () => ({ nbf: now() + 600 })],
    ['iat later than exp', () => ({ iat: now() + 20, exp: now() + 10 })],
    ['a life of ten years', () => ({ exp: now() + 315_360_000 })],
    ['a life of sixteen minutes', () => ({ exp: now() + 960 })],
    ['another audience', () => ({ aud: 'opcovia-staff' })],
    ['no audience', () => ({ aud: undefined })],
    ['another issuer', () => ({ iss: 'opcovia' })],
    ['no issuer', () => ({ iss: undefined })],
    ['no subject', () => ({ sub: undefined })],
    ['an empty subject', () => ({ sub: '' })],
    ['a subject that is no name', () => ({ sub: 'one/../two' })],
    ['no id', () => ({ jti: undefined })],
    ['an id that is no text', () => ({ jti: 7 })],
  ])('with the right secret is refused for its claims: %s', async (_what, changes) => {
    expect(await tokens.verify(await signed(changes()))).toBeUndefined();
  });

  it('ends by the clock, within the tolerance that the page names', async () => {
    const { token } = await tokens.issue('one');
    clock.pass(600 + toleranceSeconds - 1);
    expect(await tokens.verify(token)).toMatchObject({ instance: 'one' });
    clock.pass(1);
    expect(await tokens.verify(token)).toBeUndefined();
    expect(toleranceSeconds).toBeLessThanOrEqual(60);
  });

  it('is refused whatever is changed in it', async () => {
    const { token } = await tokens.issue('one');
    const change = fc.record({ at: fc.nat(token.length - 1), to: fc.constantFrom(...'AZaz09-_.=') });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, to }) => {
        const changed = `${token.slice(0, at)}${to}${token.slice(at + 1)}`;
        // The last character of a signature carries two bits that mean nothing: the same bytes, the same token.
        if (changed === token || at === token.length - 1) return;
        expect(await tokens.verify(changed)).toBeUndefined();
      }),
    );
  });

  it('never lives longer than fifteen minutes, whatever is configured', async () => {
    const longer = new HubTokens(parseHubKeys(`k2:${secret.toString('hex')}`), { lifeSeconds: 86_400 }, clock);
    expect((await longer.issue('one')).expiresAt - now() * 1000).toBe(900_000);
  });
});
