import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { runBuilt, type BuiltProcess } from '../support/built-file.js';
import { ask, eventually } from '../support/product.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { emptyRedis } from '../support/test-redis.js';

const [rate, burst] = [20, 20];

/** The longest time for which this process, in which the OPCO is played, did nothing: what came meanwhile is written down at once. */
class Stall {
  longestMs = 0;
  #last = performance.now();
  readonly #timer = setInterval(() => {
    const now = performance.now();
    this.longestMs = Math.max(this.longestMs, now - this.#last);
    this.#last = now;
  }, 20);

  end(): void {
    clearInterval(this.#timer);
  }
}

/** Two hubs and two instances, each a process of its own; nothing is configured for the hub but its times. */
describe('when the leading hub is killed', () => {
  const started: BuiltProcess[] = [];
  const stateDir = mkdtempSync(join(tmpdir(), 'opcovia-hubs-'));
  const stall = new Stall();
  let sandbox: Sandbox;
  let database: { url: string; drop(): Promise<void> };
  let client: pg.Client;
  let variables: Record<string, string>;
  let apiKey = '';
  const served = new Map<string, number>();
  let loaded = true;
  let loads: Promise<unknown> = Promise.resolve();

  const start = async (roles: string): Promise<BuiltProcess & { readonly url: string }> => {
    const process = runBuilt('main.js', { ...variables, OPCOVIA_ROLES: roles });
    started.push(process);
    await process.until('Opcovia est prêt');
    apiKey = /démonstration : (\S+)/.exec(process.printed())?.[1] ?? apiKey;
    return { ...process, url: /API +: (http:\S+)/.exec(process.printed())?.[1] ?? '' };
  };
  const row = async () =>
    (await client.query('SELECT epoch::int, members, url FROM hub_leader')).rows[0] as
      { epoch: number; members: number; url: string } | undefined;
  const leads = (hub: BuiltProcess) => hub.until('"this hub leads"');
  const servedBy = (url: string) => served.get(url) ?? 0;
  /** So many more answers out of the OPCO, by each of them. */
  const goOn = async (urls: readonly string[], more: number) => {
    const before = new Map(served);
    await eventually(
      () => Promise.resolve(urls.map((url) => servedBy(url) - (before.get(url) ?? 0))),
      (counts) => counts.every((count) => count >= more),
      40_000,
    );
  };
  /** Asks for dossiers, past the cache, until the end. */
  const load = async (url: string, numero: string) => {
    while (loaded) {
      const headers = { 'cache-control': 'no-cache' };
      const path = `${url}/akto/dossiers?numeroInterne=${numero}`;
      const answer = await ask(path, { method: 'GET', apiKey, headers }).catch(() => undefined);
      if (answer?.status === 200) served.set(url, servedBy(url) + 1);
    }
  };

  beforeAll(async () => {
    const redisUrl = await emptyRedis('built-file');
    [database, sandbox] = await Promise.all([createEmptyDatabase(), startSandbox({ port: 0, seed: 'hubs', speed: 0 })]);
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    variables = {
      ...{ DATABASE_URL: database.url, REDIS_URL: redisUrl, OPCOVIA_SANDBOX_URL: sandbox.url },
      ...{ OPCOVIA_STATE_DIR: stateDir, OPCOVIA_API_PORT: '0', OPCOVIA_STAFF_PORT: '0' },
      ...{ OPCOVIA_HUB_LEADER_SECONDS: '2', OPCOVIA_HUB_LEASE_SECONDS: '2', OPCOVIA_HUB_RATES_SECONDS: '0.2' },
      OPCOVIA_UPSTREAM_LIMITS: JSON.stringify({ akto: { callsPerSecond: rate, burst } }),
    };
  });

  afterAll(async () => {
    loaded = false;
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all([...started.map(({ ended }) => ended), loads]);
    stall.end();
    await client.end();
    await sandbox.stop();
    await database.drop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('the other one leads soon, instances follow, and the OPCO is never asked more than it bears', async () => {
    const first = await start('hub');
    await leads(first);
    const second = await start('hub');
    const instances = [await start('api'), await start('api')];
    const urls = instances.map(({ url }) => url);
    const numeros = [...(sandbox.world.cfa('akto', 'sandbox-cfa-key-akto')?.dossiers.keys() ?? [])];
    loads = Promise.all(urls.flatMap((url, i) => [0, 1, 2, 3].map((j) => load(url, numeros[4 * i + j] ?? ''))));
    const before = await eventually(row, (known) => known?.members === 2, 40_000);
    await goOn(urls, 20);
    await eventually(
      async () => (await client.query(`SELECT 1 FROM hub_rates WHERE budget LIKE '%akto%'`)).rowCount,
      (rows) => (rows ?? 0) > 0,
    );

    first.child.kill('SIGKILL');
    await leads(second);
    const after = await eventually(row, (known) => known !== undefined && known.epoch > (before?.epoch ?? 0));
    expect(after?.url).not.toBe(before?.url);
    // A third one comes while the hub still learns who holds what.
    const third = await start('api');
    urls.push(third.url);
    loads = Promise.all([loads, ...[8, 9].map((at) => load(third.url, numeros[at] ?? ''))]);
    await goOn(urls, 20);
    await eventually(row, (known) => known?.members === 3, 40_000);

    const calls = sandbox.world.ledger
      .read({ opcoId: 'akto', route: 'dossier' })
      .map(({ time }) => Date.parse(time))
      .sort((a, b) => a - b);
    expect(calls.length).toBeGreaterThan(100);
    for (const seconds of [1, 5, 10]) {
      let from = 0;
      let most = 0;
      for (const [to, at] of calls.entries()) {
        while (at - (calls[from] ?? at) > seconds * 1000) from++;
        most = Math.max(most, to - from + 1);
      }
      // A call may be on its way for a while; what a stall piles up is no fault of the hub's.
      expect(most).toBeLessThanOrEqual(burst + rate * (seconds + 1 + (2 * stall.longestMs) / 1000));
    }
  }, 180_000);

  it('an instance that stops gives its part back, and a hub that stops hands over at once', async () => {
    const [, second, one] = started;
    one?.child.kill('SIGTERM');
    await one?.ended;
    await eventually(row, (known) => known?.members === 2, 40_000);
    second?.child.kill('SIGTERM');
    expect(await second?.ended).toBe(0);
    expect((await client.query('SELECT 1 FROM hub_leader WHERE expires_at > now()')).rowCount).toBe(0);
  }, 180_000);
});
