import { readFileSync } from 'node:fs';
import type { LimitView, OverrideView } from '../../src/core/contract/limits.js';
import { opcoIds } from '../../src/core/endpoint.js';
import { Database } from '../../src/platform/database/database.js';
import type { RunningOpcovia } from '../../src/app.start.js';
import { aStaffIssuer, type StaffIssuer } from '../support/a-staff-issuer.js';
import { askStaff } from '../support/ask-staff.js';
import { type Json, OpenApi } from '../support/open-api.js';
import { type Asked, ask, control, eventually, startProduct, type Product } from '../support/product.js';

const path = '/admin/limits/akto/test/override';
const limits = {
  akto: { callsPerSecond: 10, burst: 10, ceiling: 20 },
  'opco-ep': { callsPerSecond: 0.1, burst: 1 },
};

describe('staff', () => {
  let product: Product;
  let other: RunningOpcovia;
  let issuer: StaffIssuer;
  let operator: string;

  beforeAll(async () => {
    issuer = await aStaffIssuer();
    // Polls would spend from the small budget.
    product = await startProduct({
      ...issuer.variables,
      ...{ OPCOVIA_ROLES: 'api,hub', OPCOVIA_UPSTREAM_LIMITS: JSON.stringify(limits) },
    });
    other = await product.beside();
    operator = await issuer.token('operator');
  });

  afterAll(async () => {
    await product.stop();
    issuer.forget();
  });

  const soon = (seconds = 600) => new Date(Date.now() + seconds * 1000).toISOString();
  const put = (body: object, of = path) => askStaff(product.opcovia, operator, ['PUT', of, body]);
  const drop = (of = path) => askStaff(product.opcovia, operator, ['DELETE', of]);
  const order = (changes: object = {}) => ({ rate: 2, reason: 'Maintenance', expiresAt: soon(), ...changes });

  async function seen(at: RunningOpcovia, opcoId = 'akto', environment = 'test'): Promise<LimitView> {
    const { body } = await askStaff(at, operator, ['GET', '/admin/limits']);
    const found = (body.data as LimitView[]).find((each) => each.opcoId === opcoId && each.environment === environment);
    if (!found) throw new Error('The budget is not shown');
    return found;
  }

  const everywhere = (isThere: (limit: LimitView) => boolean) =>
    Promise.all([product.opcovia, other].map((each) => eventually(() => seen(each), isThere)));
  const trail = () =>
    product.opcovia.api
      .get(Database)
      .asSystem((sql) =>
        sql.query<{ actor: string; action: string; object: string; details: object; source: string | null }>(
          `SELECT actor, action, object, details, host(source) AS source FROM audit_logs WHERE action LIKE 'budget.%' ORDER BY id`,
        ),
      );
  const read = async (key: string, opcoId: string) =>
    product.ask(key, 'GET', `/${opcoId}/dossiers/etats`, { headers: { 'cache-control': 'no-cache' } });

  it('see every budget: what is believed, declared and said', async () => {
    const answer = await askStaff(product.opcovia, await issuer.token('viewer'), ['GET', '/admin/limits']);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
    expect(answer.body.data).toHaveLength(2 * opcoIds.length);
    expect(answer.body.instance).toMatchObject({ mode: 'granted', connected: true, aloneShare: 0 });
    expect(String(answer.body.instance.sinceSeconds)).toMatch(/^\d+(\.\d{1,3})?$/);
    expect(await seen(product.opcovia)).toEqual({
      ...{ opcoId: 'akto', environment: 'test', rate: 10, burst: 10, ceiling: 20 },
      declared: { rate: 10, burst: 10, ceiling: 20 },
      ...{ pausedSeconds: 0, shadow: false, override: null, throttledTenants: [] },
    });
  });

  it('say what a budget is: in force in every instance, in the trail, and taken back', async () => {
    const before = (await trail()).length;
    const expiresAt = soon();
    const set = await put(order({ expiresAt, burst: 3 }));
    expect([set.status, set.body]).toEqual([
      200,
      {
        ...{ rate: 2, burst: 3, mode: 'enforce', reason: 'Maintenance', setBy: 'staff:alix', expiresAt },
        setAt: expect.stringMatching(/Z$/),
      } satisfies OverrideView,
    ]);
    expect(await seen(product.opcovia)).toMatchObject({ rate: 2, burst: 3, ceiling: 2, override: set.body });
    await everywhere(({ override, rate }) => override?.rate === 2 && rate === 2);
    await put(order({ rate: 20, reason: 'Hausse promise' }));
    await everywhere(({ rate }) => rate === 20);
    expect((await drop()).status).toBe(204);
    expect((await drop()).body).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    await everywhere(({ override, rate, ceiling }) => override === null && rate === 10 && ceiling === 20);
    const rows = (await trail()).slice(before);
    const author = { actor: 'staff:alix', object: 'budget:akto/test', source: '127.0.0.0' };
    expect(rows).toMatchObject([
      {
        ...{ ...author, action: 'budget.overridden' },
        details: { before: null, afterRate: 2, afterBurst: 3, afterMode: 'enforce', afterUntil: expiresAt },
      },
      { ...author, action: 'budget.overridden', details: { beforeRate: 2, afterRate: 20, reason: 'Hausse promise' } },
      { ...author, action: 'budget.restored', details: { beforeRate: 20 } },
    ]);
  });

  it('are no longer heard after the end that they gave, in any instance', async () => {
    expect((await put(order({ expiresAt: soon(5) }))).status).toBe(200);
    await everywhere(({ override, rate }) => override === null && rate === 10);
    expect((await drop()).status).toBe(404);
  });

  it.each<[string, object, string]>([
    ['more than the contract', { rate: 20.1 }, '/rate'],
    ['no rate at all', { rate: 0 }, '/rate'],
    ['more at once than declared', { burst: 11 }, '/burst'],
    ['an end that is past', { expiresAt: new Date(0).toISOString() }, '/expiresAt'],
    ['an end too far away', { expiresAt: soon(30 * 86_400 + 60) }, '/expiresAt'],
    ['an end that is none', { expiresAt: 'demain' }, '/expiresAt'],
    ['no end', { expiresAt: undefined }, '/expiresAt'],
    ['no reason', { reason: ' ' }, '/reason'],
    ['a reason with an address in it', { reason: 'Demande de alix@example.test' }, '/reason'],
    ['a reason with a NIR in it', { reason: 'Dossier 299017512345678' }, '/reason'],
    ['another mode', { mode: 'off' }, '/mode'],
    ['nothing', { rate: undefined }, ''],
    ['a field that nobody knows', { weight: 2 }, '/weight'],
  ])('may not say %s: 400 with the place, nothing kept', async (_what, changes, pointer) => {
    const before = (await trail()).length;
    const { status, body } = await put(order(changes));
    expect([status, body.code, body.errors[0].pointer]).toEqual([400, 'VALIDATION_ERROR', pointer]);
    expect(await trail()).toHaveLength(before);
    expect((await seen(product.opcovia)).override).toBeNull();
  });

  it('name a budget that there is', async () => {
    expect((await put(order(), '/admin/limits/opco-inconnu/test/override')).body.code).toBe('UNKNOWN_OPCO');
    expect((await put(order(), '/admin/limits/akto/prod/override')).body.code).toBe('NOT_FOUND');
  });

  it('who only look change nothing, and no token opens the API', async () => {
    const viewer = await issuer.token('viewer');
    for (const question of [['PUT', path, order()] as const, ['DELETE', path] as const]) {
      expect((await askStaff(product.opcovia, viewer, question)).body).toMatchObject({
        ...{ status: 403, code: 'STAFF_ROLE_MISSING', detail: 'Cette opération demande le rôle operator.' },
      });
    }
    const admin = await issuer.token('admin');
    for (const headers of [{ authorization: `Bearer ${admin}` }, { 'x-api-key': admin }] as Record<string, string>[]) {
      const { status, body } = await ask(`${product.opcovia.apiUrl}/akto/jobs`, { method: 'GET', headers });
      expect([status, body.code]).toEqual([403, 'HTTP_ERROR']);
    }
  });

  it('let a budget watch only: nobody is refused by it, all are counted, and the OPCO is obeyed', async () => {
    const key = await product.newTenant('CFA dans l’ombre');
    expect((await read(key, 'opco-ep')).status).toBe(200);
    const refused = await read(key, 'opco-ep');
    expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED']);
    // One call every ten seconds, of which some have passed.
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(10);
    const shadow = '/admin/limits/opco-ep/test/override';
    expect((await put({ mode: 'shadow', reason: 'Mesure', expiresAt: soon() }, shadow)).status).toBe(200);
    expect(await seen(product.opcovia, 'opco-ep')).toMatchObject({ shadow: true, rate: 0.1 });
    for (let n = 0; n < 3; n += 1) expect((await read(key, 'opco-ep')).status).toBe(200);
    const counted = await (await fetch(`${product.opcovia.staffUrl}/metrics`)).text();
    const [, calls] =
      /opcovia_shadow_refusals_total\{opco="opco-ep",environment="test",traffic="interactive"\} (\d+)/.exec(counted) ??
      [];
    expect(Number(calls)).toBeGreaterThanOrEqual(2);
    const fault = {
      opcoId: 'opco-ep',
      path: '/v*',
      method: 'GET',
      kind: 'status',
      status: 429,
      retryAfterSeconds: 900,
    };
    await control(product.sandbox, '/_sandbox/faults', fault);
    expect((await read(key, 'opco-ep')).status).toBe(429);
    await fetch(`${product.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
    const paused = await read(key, 'opco-ep');
    expect([paused.status, paused.body.code]).toEqual([429, 'RATE_LIMITED']);
    const seconds = Number(paused.headers.get('retry-after'));
    expect(Math.abs(seconds - (await seen(product.opcovia, 'opco-ep')).pausedSeconds)).toBeLessThan(60);
    expect(seconds).toBeGreaterThan(600);
    expect(String((await seen(product.opcovia, 'opco-ep')).pausedSeconds)).toMatch(/^\d+(\.\d{1,3})?$/);
    expect((await drop(shadow)).status).toBe(204);
  });

  it('see in health and metrics how the instance comes by its permits', async () => {
    for (const url of [product.opcovia.staffUrl, product.opcovia.apiUrl]) {
      const { body } = await ask(`${url}/health/ready`, { method: 'GET' });
      expect(body).toMatchObject({ status: 'ok', details: { hub: { status: 'up', mode: 'granted' } } });
    }
    expect((await put({ mode: 'shadow', reason: 'Mesure', expiresAt: soon() })).status).toBe(200);
    const metrics = await (await fetch(`${product.opcovia.staffUrl}/metrics`)).text();
    for (const line of [
      'opcovia_hub_mode{kind="instance",name="granted"} 1',
      'opcovia_hub_mode{kind="instance",name="safe"} 0',
      'opcovia_hub_connected{kind="instance",name="connected"} 1',
      'opcovia_hub_alone_share_ratio{kind="instance",name="alone"} 0',
      'opcovia_upstream_budget_paused_seconds{kind="akto",name="test"} 0',
      'opcovia_budget_overrides{kind="override",name="shadow"} 1',
    ])
      expect(metrics).toContain(line);
    expect((await drop()).status).toBe(204);
  });

  it('find in the document of their door what it answers', async () => {
    const document = await askStaff(product.opcovia, operator, ['GET', '/admin/doc']);
    const api = new OpenApi(document.body as Json);
    const viewer = await issuer.token('viewer');
    const unknown = '/admin/limits/akto/prod/override';
    const answers: [string, number, Asked][] = [
      ['document', 200, document],
      ['limits', 401, await askStaff(product.opcovia, undefined, ['GET', '/admin/limits'])],
      ['setOverride', 200, await put(order({ burst: 3 }))],
      ['limits', 200, await askStaff(product.opcovia, viewer, ['GET', '/admin/limits'])],
      ['setOverride', 400, await put(order({ rate: 0 }))],
      ['setOverride', 403, await askStaff(product.opcovia, viewer, ['PUT', path, order()])],
      ['setOverride', 404, await put(order(), unknown)],
      ['endOverride', 204, await drop()],
      ['endOverride', 404, await drop()],
      ['ready', 200, await ask(`${product.opcovia.staffUrl}/health/ready`, { method: 'GET' })],
      ['hubToken', 401, await ask(`${product.opcovia.staffUrl}/hub/token`, { method: 'POST' })],
    ];
    for (const [id, status, answer] of answers)
      expect([id, answer.status, api.betrays(api.operation(id), answer)]).toEqual([id, status, []]);
  });

  it('find in docs/admin.md lines that work', async () => {
    const page = readFileSync('docs/admin.md', 'utf8');
    const lines = [...page.matchAll(/^curl -s (.*)"\$STAFF(\/admin\/\S+)"$/gm)];
    const answers = [];
    for (const [, options = '', of = ''] of lines) {
      expect(options).toContain('-H "Authorization: Bearer $TOKEN"');
      const [, method = 'GET'] = /-X (\w+)/.exec(options) ?? [];
      const [, body] = /-H 'Content-Type: application\/json' -d '([^']+)'/.exec(options) ?? [];
      const sent = body && (JSON.parse(body.replace('$SOON', soon())) as object);
      answers.push((await askStaff(product.opcovia, operator, [method, of, sent])).status);
    }
    expect(answers).toEqual([200, 200, 200, 204]);
  });
});
