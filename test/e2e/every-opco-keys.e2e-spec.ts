import { Redis } from 'ioredis';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { opcoIds } from '../../src/core/endpoint.js';
import { CfaEverywhere, expectUnsupported, lineOf } from '../support/a-cfa-everywhere.js';
import { databaseGrounds, hunt, redisGrounds } from '../support/canaries.js';
import { controlOf } from '../support/norm-client.js';
import { opcosV2 } from '../support/norm-journey.js';
import { control, startProduct, type Asked, type Product } from '../support/product.js';

/** Keys of no tenant: one that the OPCO knows, one whose days are over, one that it never saw. */
const keys = {
  known: 'cle-apportee-CANARI-7301',
  over: 'cle-perimee-CANARI-7302',
  strange: 'cle-inconnue-CANARI-7303',
};
const siren = 'siren=130025265';

let product: Product;
let cfa: CfaEverywhere;
beforeAll(async () => {
  product = await startProduct({ OPCOVIA_POLL_INTERVAL_SECONDS: '3600' });
  cfa = await CfaEverywhere.of(product, 'CFA aux clés');
  for (const opcoId of opcosV2) {
    await controlOf(product.sandbox, 'cfas', { opcoId, apiKey: keys.known, dateFinValidite: '2027-06-30' });
    await controlOf(product.sandbox, 'cfas', { opcoId, apiKey: keys.over, dateFinValidite: '2026-01-31' });
  }
});
afterAll(() => product.stop());

const by = (apiKey: string) => ({ headers: { 'x-cfa-key': apiKey } });
const askedUpstream = (opcoId: string) =>
  product.sandbox.world.ledger.read({ opcoId }).filter(({ path }) => path.endsWith('/cfakeyinfo')).length;
const cacheOf = ({ headers }: Asked) => headers.get('cache-status') ?? '';

describe.each(opcosV2)('%s', (opcoId) => {
  const path = `/${opcoId}/cfakeyinfo?${siren}`;

  it('judges the key of the header, else of the query, else the stored one', async () => {
    const known = { status: 'success', dateFinValidite: '2027-06-30', comment: null };
    const over = { status: 'error', dateFinValidite: '2026-01-31', comment: expect.stringContaining('validité') };
    expect((await cfa.ask('GET', path, by(keys.known))).body).toEqual(known);
    expect((await cfa.ask('GET', `${path}&XAPIKEY=${keys.over}`)).body).toEqual(over);
    expect((await cfa.ask('GET', `${path}&XAPIKEY=${keys.known}`, by(keys.over))).body).toEqual(over);
    expect((await cfa.ask('GET', path)).body).toMatchObject({ status: 'success', dateFinValidite: '2099-12-31' });
  });

  it('is asked once an hour for each key, whatever way it came', async () => {
    const before = askedUpstream(opcoId);
    for (const apiKey of [keys.known, keys.over]) {
      for (const answer of [
        await cfa.ask('GET', path, by(apiKey)),
        await cfa.ask('GET', `${path}&XAPIKEY=${apiKey}`),
      ]) {
        const [, ttl] = /^Opcovia; hit; ttl=(\d+)$/.exec(cacheOf(answer)) ?? [];
        // An hour, ten percent more or less, and what this test took.
        expect(Number(ttl)).toBeGreaterThan(3600 * 0.9 - 60);
        expect(Number(ttl)).toBeLessThanOrEqual(3600 * 1.1);
        expect(answer.body.dateFinValidite).toBe(apiKey === keys.known ? '2027-06-30' : '2026-01-31');
      }
    }
    expect(askedUpstream(opcoId)).toBe(before);
  });

  it('keeps the answers of two tenants apart, be it for the same key', async () => {
    const other = await CfaEverywhere.of(product, 'CFA voisin');
    const before = askedUpstream(opcoId);
    expect(cacheOf(await other.ask('GET', path, by(keys.known)))).toContain('fwd=miss');
    expect(cacheOf(await other.ask('GET', path, by(keys.known)))).toContain('hit');
    expect(askedUpstream(opcoId)).toBe(before + 1);
  });

  it('without any key the question is a mistake of the caller, and nobody is asked', async () => {
    const bare = await product.newTenant('CFA sans clé');
    await product.ask(bare, 'DELETE', `/${opcoId}/credentials`);
    const before = askedUpstream(opcoId);
    const { status, body } = await product.ask(bare, 'GET', path);
    expect([status, body.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(body.detail).toMatch(/X-CFA-KEY/);
    expect(askedUpstream(opcoId)).toBe(before);
    expect((await product.ask(bare, 'GET', path, by(keys.known))).status).toBe(200);
  });
});

it('an OPCO without the route says why, and is not asked', async () => {
  const matrix = await cfa.matrix();
  for (const opcoId of opcoIds.filter((each) => !opcosV2.includes(each))) {
    const answer = await cfa.ask('GET', `/${opcoId}/cfakeyinfo?${siren}&XAPIKEY=${keys.strange}`);
    expectUnsupported(answer, lineOf(matrix, opcoId, 'cfakeyinfo'));
    expect(askedUpstream(opcoId)).toBe(0);
  }
});

it('a key in a query is seen in no problem, no log line, no key or value of Redis, and no table', async () => {
  const { strange } = keys;
  const echo = { errors: [{ code: strange, description: `La clé ${strange} est refusée.` }] };
  const refuse = (status: number, body: object = echo) =>
    control(product.sandbox, '/_sandbox/faults', {
      ...{ opcoId: 'akto', path: '/v2/cfakeyinfo', times: 1 },
      ...{ kind: 'status', status, body },
    });
  const clumsy: readonly (readonly [string, string, number])[] = [
    ['GET', `/akto/cfakeyinfo?siren=x&XAPIKEY=${strange}`, 400],
    ['GET', `/akto/cfakeyinfo?XAPIKEY=${strange}`, 400],
    ['GET', `/akto/cfakeyinfo?${siren}&XAPIKEY=${strange}&XAPIKEY=${strange}`, 400],
    ['GET', `/akto/cfakeyinfo?${siren}&xapikey=${strange}`, 400],
    ['GET', `/akto/cfakeyinfo?${siren}&XAPIKEY=%20${strange}`, 400],
    ['GET', `/akto/dossiers/etats?XAPIKEY=${strange}`, 400],
    ['GET', `/personne/cfakeyinfo?${siren}&XAPIKEY=${strange}`, 404],
    ['GET', `/akto/nulle-part?XAPIKEY=${strange}`, 404],
    ['DELETE', `/akto/cfakeyinfo?XAPIKEY=${strange}`, 405],
  ];
  for (const [method, path, status] of clumsy) {
    const answer = await cfa.ask(method, path);
    expect([path, answer.status, answer.body.instance]).toEqual([path, status, path.split('?')[0]]);
    expect(hunt({ strange }, [{ where: path, content: answer.text }])).toEqual([]);
  }
  const unknown = await cfa.ask('GET', `/akto/cfakeyinfo?${siren}&XAPIKEY=${strange}`);
  // At the sandbox a key must be known to ask about itself.
  expect([unknown.status, unknown.body.code]).toEqual([502, 'UPSTREAM_AUTH']);
  for (const status of [400, 403, 422, 500]) {
    await refuse(status);
    const answer = await cfa.ask('GET', `/akto/cfakeyinfo?${siren}&XAPIKEY=${strange}`);
    expect(answer.status).toBeGreaterThanOrEqual(422);
    expect(answer.body.instance).toBe('/akto/cfakeyinfo');
    expect(hunt({ strange }, [{ where: `refused ${status}`, content: answer.text }])).toEqual([]);
  }
  await refuse(200, { status: 'error', comment: `Clé ${strange} inconnue.` });
  const told = await cfa.fresh(`/akto/cfakeyinfo?${siren}&XAPIKEY=${strange}`);
  expect(told.body).toMatchObject({ status: 'error', comment: 'Clé ••• inconnue.' });
  const seen = [{ where: 'log', content: product.logged() }, ...(await redisGrounds(product.redisUrl))];
  expect(hunt(keys, [...seen, ...(await databaseGrounds(product.databaseUrl))])).toEqual([]);
  expect(seen.length).toBeGreaterThan(2);
});

it('a stored key that an OPCO repeats in a refusal is shown to nobody, in an answer or in a job', async () => {
  const stored = { stored: cfa.cfaKey('akto') };
  const refuse = (method: string) =>
    control(product.sandbox, '/_sandbox/faults', {
      ...{ opcoId: 'akto', method, path: '/v2/*', times: 1 },
      ...{ kind: 'status', status: 422, body: { errors: [{ description: `Clé ${stored.stored} hors périmètre.` }] } },
    });
  await refuse('GET');
  const read = await cfa.fresh('/akto/dossiers/etats');
  expect(read.body.upstream.message).toBe('Clé ••• hors périmètre.');
  await refuse('POST');
  const job = await cfa.deposit('/akto/dossiers', { cerfa: exampleCerfa() });
  expect(job.error.upstream.message).toBe('Clé ••• hors périmètre.');
  const seen = [{ where: 'log', content: product.logged() }, ...(await redisGrounds(product.redisUrl))];
  expect(hunt(stored, [...seen, ...(await databaseGrounds(product.databaseUrl))])).toEqual([]);
});

it('what is kept under a brought key is named by a digest in the tenant’s own space', async () => {
  const redis = new Redis(product.redisUrl);
  const names = (await redis.keys(`opcovia:cache:akto:${cfa.tenantHash}:GET:/cfakeyinfo:*`)).map(
    (name) => name.split(':').at(-1) ?? '',
  );
  await redis.quit();
  // The stored key, two brought along, and the one that was unknown.
  expect(names).toHaveLength(4);
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{32}$/);
});
