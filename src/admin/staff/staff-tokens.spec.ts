import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportSPKI, generateKeyPair, importJWK } from 'jose';
import { aStaffIssuer, type StaffIssuer, type TokenChanges } from '../../../test/support/a-staff-issuer.js';
import { ManualClock } from '../../../test/support/an-exchange.js';
import { Env } from '../../platform/config/env.js';
import { parseStaffRules, type StaffRules } from '../../platform/config/staff-keys.js';
import { StaffTokens } from './staff-tokens.js';

let issuer: StaffIssuer;
let rules: StaffRules;
/** The moment at which the tokens are judged. */
const clock = new ManualClock();
const inTenMinutes = () => clock.now() / 1000 + 600;

beforeAll(async () => {
  issuer = await aStaffIssuer();
  rules = parseStaffRules(Object.assign(new Env(), issuer.variables)) as StaffRules;
});

afterAll(() => issuer.forget());

const judge = (token: string | undefined, of: StaffRules | undefined = rules) =>
  new StaffTokens(of, clock).judge(token === undefined ? undefined : `Bearer ${token}`);
const signed = (role: string, changes: TokenChanges = {}) =>
  issuer.token(role, { expiresAt: inTenMinutes(), ...changes });
const refusal = { code: 'STAFF_TOKEN_REFUSED' };

/** A token whose parts are written by hand. */
const forged = (header: object, payload: object, signature = '') =>
  [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + `.${signature}`;

describe('the tokens of staff', () => {
  it('say who asks, and the highest role that they name', async () => {
    expect(await judge(await signed('viewer'))).toEqual({ subject: 'alix', role: 'viewer' });
    const roles = { roles: ['compta', 'operator', 'viewer'] };
    expect(await judge(await signed('x', { claims: roles }))).toMatchObject({ role: 'operator' });
    expect(await judge(await signed('x', { claims: { roles: 'admin' } }))).toMatchObject({ role: 'admin' });
  });

  it('are read where the configuration says that the roles stand', async () => {
    const nested = { ...rules, roleClaim: 'realm_access.roles' };
    const token = await signed('admin', { claims: { realm_access: { roles: ['viewer'] } } });
    expect(await judge(token, nested)).toMatchObject({ role: 'viewer' });
    const named = { ...rules, roleClaim: 'https://opcovia.test/roles' };
    const claims = { 'https://opcovia.test/roles': ['operator'] };
    expect(await judge(await signed('admin', { claims }), named)).toMatchObject({ role: 'operator' });
    await expect(judge(await signed('admin'), { ...rules, roleClaim: 'constructor.name' })).rejects.toMatchObject({
      code: 'STAFF_ROLE_MISSING',
    });
  });

  it('without a role of ours open nothing', async () => {
    for (const role of ['', 'Admin', 'root', 'admin ']) {
      await expect(judge(await signed(role))).rejects.toMatchObject({ code: 'STAFF_ROLE_MISSING' });
    }
  });

  it.each<[string, TokenChanges]>([
    ['of another issuer', { issuer: 'https://login.example.test/' }],
    ['for another audience', { audience: 'opcovia' }],
    ['without an end', { expiresAt: null }],
    ['of nobody', { subject: '' }],
    ['of a subject that no log should hold', { subject: 'alix\nroot' }],
    ['not valid yet', { claims: { nbf: Date.UTC(2026, 8, 1) / 1000 + 60 } }],
  ])('%s are refused', async (_what, changes) => {
    await expect(judge(await signed('admin', changes))).rejects.toMatchObject(refusal);
  });

  it('end, half a minute after the moment that they name', async () => {
    const token = await signed('admin', { expiresAt: clock.now() / 1000 - 29 });
    expect(await judge(token)).toMatchObject({ role: 'admin' });
    const expired = await signed('admin', { expiresAt: clock.now() / 1000 - 31 });
    await expect(judge(expired)).rejects.toMatchObject({ ...refusal, details: { detail: 'Le jeton a expiré.' } });
  });

  it('signed by another key, not at all, or with the public key as a secret are refused', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    await expect(judge(await signed('admin', { key: privateKey }))).rejects.toMatchObject(refusal);
    const { exp, ...claims } = {
      iss: rules.issuer,
      aud: rules.audience,
      sub: 'alix',
      roles: ['admin'],
      exp: inTenMinutes(),
    };
    for (const header of [{ alg: 'none' }, { alg: 'none', kid: 'staff-1' }, { alg: 'NONE' }, {}])
      await expect(judge(forged(header, { ...claims, exp }))).rejects.toMatchObject(refusal);
    const pem = await exportSPKI((await importJWK(issuer.publicJwk, 'ES256', { extractable: true })) as never);
    for (const secret of [pem, pem.trim(), JSON.stringify(issuer.publicJwk), issuer.publicJwk.x ?? '']) {
      const key = new TextEncoder().encode(secret);
      await expect(judge(await signed('admin', { key, alg: 'HS256' }))).rejects.toMatchObject(refusal);
    }
    const [head = '', body = '', signature = ''] = (await signed('viewer')).split('.');
    const raised = forged(JSON.parse(Buffer.from(head, 'base64url').toString()), { ...claims, exp }, signature);
    expect(raised.split('.')[1]).not.toBe(body);
    await expect(judge(raised)).rejects.toMatchObject(refusal);
    await expect(judge(forged({ alg: 'ES256', kid: 'staff-1' }, claims, signature))).rejects.toMatchObject(refusal);
  });

  it('are refused without rules, and whatever is no bearer token is refused', async () => {
    await expect(new StaffTokens(undefined, clock).judge(`Bearer ${await signed('admin')}`)).rejects.toMatchObject(
      refusal,
    );
    const tokens = new StaffTokens(rules, clock);
    for (const field of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Basic ${await signed('admin')}`,
      'Bearer a.b',
      'Bearer a.b.c.d.e',
    ])
      await expect(tokens.judge(field)).rejects.toMatchObject(refusal);
  });

  it.each(['PS256', 'ES512'])('are refused with %s, whatever the keys of the issuer say', async (alg) => {
    const other = await aStaffIssuer(alg);
    const of = parseStaffRules(Object.assign(new Env(), other.variables));
    await expect(judge(await other.token('viewer', { expiresAt: inTenMinutes() }), of)).rejects.toMatchObject(refusal);
    other.forget();
  });

  it.each(['RS256', 'EdDSA'])('may be signed with %s as well', async (alg) => {
    const other = await aStaffIssuer(alg);
    const of = parseStaffRules(Object.assign(new Env(), other.variables));
    expect(await judge(await other.token('viewer', { expiresAt: inTenMinutes() }), of)).toMatchObject({
      role: 'viewer',
    });
    other.forget();
  });
});

describe('the keys of an issuer at an address', () => {
  let server: Server;
  let answer: () => { status: number; body: string };
  let asked = 0;

  beforeAll((done) => {
    server = createServer((_request, response) => {
      asked += 1;
      const { status, body } = answer();
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    }).listen(0, '127.0.0.1', done);
  });

  afterAll((done) => {
    server.close(done);
    server.closeAllConnections();
  });

  const atAddress = () => {
    const { port } = server.address() as AddressInfo;
    return new StaffTokens({ ...rules, source: { url: new URL(`http://127.0.0.1:${port}/jwks`) } }, clock);
  };

  it('are asked for once', async () => {
    answer = () => ({ status: 200, body: JSON.stringify({ keys: [issuer.publicJwk] }) });
    const tokens = atAddress();
    asked = 0;
    for (const role of ['viewer', 'operator', 'admin'])
      expect(await tokens.judge(`Bearer ${await signed(role)}`)).toMatchObject({ role });
    expect(asked).toBe(1);
  });

  it.each([
    ['fails', 500, ''],
    ['is no JSON', 200, 'hello'],
    ['is no key set', 200, '{}'],
  ])('say nothing of a token when the answer %s: 503, come back', async (_what, status, body) => {
    answer = () => ({ status, body });
    await expect(atAddress().judge(`Bearer ${await signed('admin')}`)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      details: { retryAfterSeconds: 5 },
    });
  });

  it('condemn a token that none of them has signed', async () => {
    answer = () => ({ status: 200, body: JSON.stringify({ keys: [{ ...issuer.publicJwk, kid: 'staff-0' }] }) });
    await expect(atAddress().judge(`Bearer ${await signed('admin')}`)).rejects.toMatchObject(refusal);
  });
});
