import { startProduct, type Product } from '../support/product.js';
import { sendRaw } from '../support/raw-http.js';
import { traces } from '../support/untouched.js';

describe('addresses', () => {
  let product: Product;
  let key: string;
  let url: string;

  beforeAll(async () => {
    product = await startProduct();
    key = await product.newTenant('CFA paths');
    url = product.opcovia.apiUrl ?? '';
  });

  afterAll(() => product.stop());

  /** The target exactly as written: no client library rewrites it. */
  const get = (target: string, fields = '', method = 'GET') =>
    sendRaw(
      url,
      Buffer.from(
        `${method} ${target} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\n${fields}Connection: close\r\n\r\n`,
        'latin1',
      ),
    );
  const ids = [
    '..',
    '.',
    '%2e%2e',
    '%2E.',
    '%2e',
    '%2e%2e%2fadmin',
    '..%2fadmin',
    '..%5cadmin',
    'a%2fb',
    'a%5cb',
    'a%00b',
    'a%0d%0ab',
  ];
  const strange = [
    '%ff',
    '%zz',
    '%',
    '%c0%af',
    '%ed%a0%80',
    '%u002e',
    '/evil/x',
    'http:%2f%2fevil',
    'a'.repeat(5000),
    '%7f',
    '%c2%85',
    '\\..\\x',
  ];

  it.each(
    [...ids, ...strange].flatMap((id) => [
      `/akto/dossiers/${id}`,
      `/akto/dossiers/${id}/x`,
      `/akto/dossiers?numeroInterne=${id}&x=1`,
    ]),
  )('lead nowhere: %s', async (target) => {
    const before = await traces(product);
    const { status, problem, answers } = await get(target);
    expect([400, 404]).toContain(status);
    expect([problem.status, answers]).toEqual([status, 1]);
    expect(await traces(product)).toEqual(before);
  });

  it.each([
    '..',
    '%2e%2e',
    '../x',
    'opco-ep%2f..',
    'OPCO-EP',
    'Akto',
    'akto%20',
    'akto%00',
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(5000),
  ])('know no OPCO by the name of %s', async (slug) => {
    const before = await traces(product);
    for (const rest of ['/dossiers/INT-1', '/status', '/dossiers/etats', '/jobs', '/credentials', '/capabilities']) {
      expect([400, 404]).toContain((await get(`/${slug}${rest}`)).status);
    }
    expect(await traces(product)).toEqual(before);
  });

  it('without a key look all the same, the long and the strange too', async () => {
    for (const target of ['/akto/dossiers/INT-1', '/nothing', `/${'x'.repeat(5000)}`, '/webhooks/', '//']) {
      const { problem } = await sendRaw(url, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect([target.slice(0, 20), problem.status, problem.code]).toEqual([target.slice(0, 20), 403, 'HTTP_ERROR']);
    }
  });

  it('have one form: no slash at the end, no doubled one, no capitals', async () => {
    for (const target of [
      '/akto/dossiers/etats/',
      '/akto//dossiers/etats',
      '/akto/Dossiers/etats',
      '/webhooks/',
      '/Webhooks',
      '/akto/dossiers/',
    ]) {
      expect([target, (await get(target)).status]).toEqual([target, 404]);
    }
  });

  it.each([
    ['/akto/dossiers/etats?page=1&page=2', '/query/page'],
    ['/akto/dossiers/etats?page[]=1', '/query/page[]'],
    ['/akto/dossiers/etats?page=1e3', '/query/page'],
    ['/akto/dossiers/etats?page=%201', '/query/page'],
    ['/akto/dossiers/etats?page=+1', '/query/page'],
    ['/akto/dossiers/etats?page=', '/query/page'],
    ['/akto/dossiers/etats?page=0', '/query/page'],
    ['/akto/dossiers/etats?page=99999999999999999999', '/query/page'],
    ['/akto/dossiers/etats?limit=201', '/query/limit'],
    ['/akto/dossiers/etats?__proto__=1', '/query/__proto__'],
    ['/akto/dossiers/etats?admin=true', '/query/admin'],
    ['/akto/dossiers?numeroInterne=A&numeroInterne=B', '/query/numeroInterne'],
    ['/akto/dossiers?numeroInterne=', '/query/numeroInterne'],
    [`/akto/dossiers?numeroInterne=${'a'.repeat(101)}`, '/query/numeroInterne'],
    ['/akto/dossiers/A?numeroInterne=B', '/query/numeroInterne'],
    ['/akto/dossiers/A?opcoId=opco-ep', '/query/opcoId'],
    ['/akto/dossiers/A?XAPIKEY=stolen', '/query/XAPIKEY'],
    ['/akto/jobs?status=pending&status=failed', '/query/status'],
    ['/akto/jobs?limit=1&limit=2', '/query/limit'],
    ['/akto/jobs?tenant=x', '/query/tenant'],
    ['/events?after=a&after=b', '/query/after'],
  ])('with a parameter that cannot be are refused by its name: %s', async (target, pointer) => {
    const before = await traces(product);
    const { status, problem } = await get(target);
    expect([status, problem.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(problem.errors.map((finding: { pointer: string }) => finding.pointer)).toContain(pointer);
    expect(await traces(product)).toEqual(before);
  });

  it('are decoded once: a blank as %20 and as +, a percent sign as %25', async () => {
    const before = await traces(product);
    for (const id of ['INT%201', 'INT+1', 'INT%252e%252e%252fadmin']) {
      expect((await get(`/akto/dossiers?numeroInterne=${id}`)).status).toBe(404);
    }
    const seen = product.sandbox.world.ledger.read({ opcoId: 'akto' }).filter(({ path }) => /dossiers$/.test(path));
    expect(seen.map(({ path, query }) => [path, query])).toEqual(Array(3).fill([seen[0]?.path, ['numeroInterne']]));
    expect((await traces(product)).calls).toBe(before.calls + 3);
  });

  it.each([
    ['PUT', '/akto/dossiers', 'GET, HEAD, POST'],
    ['PATCH', '/akto/dossiers', 'GET, HEAD, POST'],
    ['DELETE', '/akto/documents', 'POST'],
    ['GET', '/akto/documents', 'POST'],
    ['POST', '/akto/dossiers/etats', 'GET, HEAD'],
    ['PURGE', '/akto/dossiers', 'GET, HEAD, POST'],
    ['PROPFIND', '/webhooks', 'GET, HEAD, POST'],
    ['OPTIONS', '/webhooks', 'GET, HEAD, POST'],
  ])('answer to %s %s with 405 and what is allowed', async (method, target, allowed) => {
    const before = await traces(product);
    const { status, head, problem } = await get(target, '', method);
    expect([status, problem.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(head).toMatch(new RegExp(`^allow: ${allowed}\r$`, 'im'));
    expect(await traces(product)).toEqual(before);
  });
});
