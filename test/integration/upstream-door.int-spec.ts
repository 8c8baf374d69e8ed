import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { OpcoHealth } from '../../src/pipeline/06-call/opco-health.js';
import { PlayedOpco } from '../support/a-played-opco.js';
import { ask, control, eventually, startProduct, type Asked, type Product } from '../support/product.js';
import '../allow-four-minutes.js';

interface Timed extends Asked {
  readonly ms: number;
}

describe('an OPCO in trouble, seen from the door', () => {
  let product: Product;
  const played = new PlayedOpco();
  let key: string;
  let asked = 0;

  beforeAll(async () => {
    const origin = await played.start();
    const upstream = { baseUrl: origin.href, tokenUrl: new URL('/token', origin).href };
    const limits = { callsPerSecond: 10_000, burst: 10_000 };
    product = await startProduct({
      // The poller's reads would be counted with ours.
      OPCOVIA_ROLES: 'api,worker,hub',
      OPCOVIA_UPSTREAM_LIMITS: JSON.stringify({ akto: limits, 'opco-ep': limits, atlas: limits }),
      OPCOVIA_UPSTREAMS: JSON.stringify({ atlas: { test: upstream } }),
      // Longer than a busy machine takes to let all of them in.
      OPCOVIA_UPSTREAM_READ_MS: '10000',
      OPCOVIA_ENABLED_CAPABILITIES: 'opco-2i:depositDocument',
    });
    key = await product.newTenant('CFA patient');
    for (const opcoId of ['akto', 'opco-ep'])
      await control(product.sandbox, '/_sandbox/quotas', { opcoId, limit: 1_000_000 });
  });
  afterEach(() => product.sandbox.world.faults.clear());
  afterAll(async () => {
    await product.stop();
    await played.stop();
  });

  const get = async (path: string): Promise<Timed> => {
    const begun = performance.now();
    const headers = { 'cache-control': 'no-cache' };
    return { ...(await product.ask(key, 'GET', path, { headers })), ms: performance.now() - begun };
  };
  const dossierPath = (opcoId: string) => `/${opcoId}/dossiers?numeroInterne=${1_000_000 + asked++}`;
  const dossier = (opcoId: string) => get(dossierPath(opcoId));
  const etats = (opcoId: string) => get(`/${opcoId}/dossiers/etats`);
  const reads = (opcoId: string, many: number) => inTurn(many, () => etats(opcoId));
  const deposit = async (opcoId: string): Promise<string> => {
    const { status, body } = await product.ask(key, 'POST', `/${opcoId}/dossiers`, {
      body: { cerfa: exampleCerfa({ rank: asked++ }) },
    });
    expect(status).toBe(202);
    return String(body.statusUrl);
  };
  const posts = (opcoId: string) =>
    product.sandbox.world.ledger
      .read({ opcoId })
      .filter(({ method, path }) => method === 'POST' && /dossiers/.test(path));
  const observed = async (opcoId: string) => (await get(`/${opcoId}/status`)).body.observed;

  it('slows nobody else down while it holds everything; its own line is bounded, and refuses at once', async () => {
    const quiet = await reads('opco-ep', 40);
    product.sandbox.world.faults.arm([{ kind: 'latency', ms: 60_000, opcoId: 'akto', method: 'GET' }]);
    const offered = Array.from({ length: 200 }, () => dossier('akto'));
    const refused = (await Promise.race([Promise.all(offered), waitForAll(offered, 503)])) as Timed[];
    expect(refused.length).toBeGreaterThanOrEqual(100);
    expect(refused.every(({ body }) => body.code === 'OVERLOADED')).toBe(true);
    expect(refused.every(({ headers }) => Number(headers.get('retry-after')) >= 1)).toBe(true);
    const neighbour = await reads('opco-ep', 40);
    expect(neighbour.map(({ status }) => status)).toEqual(Array(40).fill(200));
    // What a busy machine adds, it added before as well.
    expect(percentile(neighbour, 0.95)).toBeLessThan(500 + 5 * percentile(quiet, 0.95));
    const late = (await Promise.all(offered)).filter(({ body }) => body.code !== 'OVERLOADED');
    // Those that were sent; who still waited is told that the OPCO is left alone, or that the line was too long.
    expect(late.map(({ body }) => body.code)).toContain('UPSTREAM_TIMEOUT');
    for (const { body } of late) expect(['UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE']).toContain(body.code);
    expect(Math.max(...late.map(({ ms }) => ms))).toBeLessThan(20_000);
  });

  it('refuses in no time once its breaker is open, is probed once a time, and is used again within ten seconds', async () => {
    product.sandbox.world.faults.arm([{ kind: 'status', status: 503, opcoId: 'akto', method: 'GET' }]);
    await eventually(
      () => dossier('akto'),
      ({ body }) => body.code === 'UPSTREAM_UNAVAILABLE',
    );
    const before = product.sandbox.world.ledger.read({ opcoId: 'akto' }).length;
    const own = await inTurn(30, () => get('/akto/jobs/none'));
    const refused = await inTurn(30, () => dossier('akto'));
    expect(refused.every(({ status, headers }) => status === 503 && Number(headers.get('retry-after')) >= 1)).toBe(
      true,
    );
    // As soon as what needs no OPCO at all.
    expect(percentile(refused, 0.5)).toBeLessThan(50 + 5 * percentile(own, 0.5));
    expect(product.sandbox.world.ledger.read({ opcoId: 'akto' }).length - before).toBeLessThanOrEqual(1);
    product.sandbox.world.faults.clear();
    const recovered = performance.now();
    await eventually(
      () => etats('akto'),
      ({ status }) => status === 200,
      10_000,
    );
    expect(performance.now() - recovered).toBeLessThan(10_000);
  });

  it('is read as fast as ever while its deposits hang, and they still take effect once', async () => {
    const quiet = await reads('opco-ep', 20);
    product.sandbox.world.faults.arm([{ kind: 'latency', ms: 2000, opcoId: 'opco-ep', method: 'POST' }]);
    const jobs = await Promise.all(Array.from({ length: 12 }, () => deposit('opco-ep')));
    const during = await reads('opco-ep', 20);
    expect(during.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(percentile(during, 0.95)).toBeLessThan(500 + 5 * percentile(quiet, 0.95));
    const done = await Promise.all(jobs.map((url) => settled(url)));
    expect(done.map(({ body }) => body.status)).toEqual(Array(12).fill('completed'));
    expect(posts('opco-ep')).toHaveLength(12);
  });

  it('takes deposits while all its reads fail', async () => {
    product.sandbox.world.faults.arm([{ kind: 'status', status: 500, opcoId: 'opco-ep', method: 'GET' }]);
    await eventually(
      () => dossier('opco-ep'),
      ({ body }) => body.code === 'UPSTREAM_UNAVAILABLE',
    );
    const job = await settled(await deposit('opco-ep'));
    expect(job.body).toMatchObject({ status: 'completed', attempts: 1 });
  });

  it('keeps deposits waiting while their breaker is open, burns no attempt, sends each once, and is read all the while', async () => {
    const breaker = product.opcovia.api
      .get(OpcoHealth)
      .breaker({ opcoId: 'akto', environment: 'test', routeClass: 'deposit' });
    for (let call = 0; call < 5; call += 1) {
      const admission = breaker.admit(false);
      if (admission.admitted) admission.end('ill');
    }
    expect(await observed('akto')).toMatchObject({ breaker: 'open', breakers: { read: 'closed', deposit: 'open' } });
    const before = posts('akto').length;
    const jobs = await Promise.all(Array.from({ length: 4 }, () => deposit('akto')));
    const waiting = await eventually(
      () => product.ask(key, 'GET', jobs[0] ?? ''),
      ({ body }) => body.reason === 'opco',
    );
    expect(waiting.body).toMatchObject({ status: 'pending', attempts: 0 });
    expect((await etats('akto')).status).toBe(200);
    expect(posts('akto')).toHaveLength(before);
    const done = await Promise.all(jobs.map((url) => settled(url)));
    expect(done.map(({ body }) => [body.status, body.attempts])).toEqual(Array(4).fill(['completed', 1]));
    expect(posts('akto').length - before).toBe(4);
    expect((await observed('akto')).breakers.deposit).toBe('closed');
  });

  it('is no longer asked by callers who have left: their calls are cut, their places are free', async () => {
    let cut = 0;
    played.answer = (_request, response) => void response.once('close', () => (cut += 1));
    const left = new AbortController();
    const headers = { 'x-api-key': key, 'cache-control': 'no-cache' };
    const abandoned = Array.from({ length: 60 }, () =>
      fetch(`${product.opcovia.apiUrl}${dossierPath('atlas')}`, { headers, signal: left.signal }).then(
        ({ status }) => status,
        () => 'left',
      ),
    );
    await seen(() => played.seen.length, 10);
    left.abort();
    expect(new Set(await Promise.all(abandoned))).toEqual(new Set(['left']));
    await seen(() => cut, 10);
    played.answer = (_request, response) =>
      void response.end('{"status":"healthy","supportedVersions":["1.0"],"uptime":1}');
    const { body, ms } = await get('/atlas/status');
    expect(body).toMatchObject({ status: 'healthy', observed: { breakers: { read: 'closed' } } });
    expect(ms).toBeLessThan(1000);
    expect(played.seen.filter(({ url }) => url.includes('numeroInterne'))).toHaveLength(10);
  });

  it('shows in the matrix what the operator has enabled', async () => {
    const line = async (path: string, pick: (body: Asked['body']) => { endpoint: string; state: string }[]) =>
      pick((await ask(`${product.opcovia.apiUrl}${path}`, { method: 'GET', apiKey: key })).body);
    const own = await line('/opco-2i/capabilities', (body) => body.capabilities);
    expect(own.find(({ endpoint }) => endpoint === 'depositDocument')).toMatchObject({ enabled: true });
    expect(own.filter((each) => 'enabled' in each)).toHaveLength(1);
    const all = await line('/capabilities', (body) =>
      body.data.flatMap((each: { capabilities: [] }) => each.capabilities),
    );
    expect(all.filter((each) => 'enabled' in each)).toHaveLength(1);
  });

  const settled = (url: string) =>
    eventually(
      () => product.ask(key, 'GET', url),
      ({ body }) => !['pending', 'processing'].includes(String(body.status)),
      30_000,
    );
});

const seen = (count: () => number, least: number) =>
  eventually(
    () => Promise.resolve(count()),
    (now) => now >= least,
  );

async function inTurn<T>(many: number, look: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let turn = 0; turn < many; turn += 1) all.push(await look());
  return all;
}

/** Those that answered so within a second of the last of them. */
async function waitForAll(offered: readonly Promise<Timed>[], status: number): Promise<Timed[]> {
  const got: Timed[] = [];
  for (const each of offered) void each.then((answer) => answer.status === status && got.push(answer));
  await eventually(
    () => Promise.resolve(got.length),
    (count) => count >= 100,
  );
  return [...got];
}

function percentile(answers: readonly Timed[], share: number): number {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
}
