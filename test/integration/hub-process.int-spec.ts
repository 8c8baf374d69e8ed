import { HubRevocations } from '../../src/hub/leader/hub-revocations.js';
import { randomBytes } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import pino from 'pino';
import { systemClock } from '../../src/core/clock.js';
import { BudgetSizes } from '../../src/hub/central/sizes.js';
import { InstancePermits } from '../../src/hub/instance/instance-permits.js';
import { HubProcess, nameAtHub } from '../../src/hub/leader/hub-process.js';
import { systemTimers } from '../../src/hub/timers.js';
import { readEnv } from '../../src/platform/config/read-env.js';
import { ask, eventually } from '../support/product.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const secret = randomBytes(32).toString('hex');
const shared = {
  OPCOVIA_HUB_SECRET: `h1:${randomBytes(32).toString('hex')}`,
  OPCOVIA_HUB_INSTANCES: `api-*:${secret}`,
  OPCOVIA_HUB_LEADER_SECONDS: '3',
  OPCOVIA_HUB_TOKEN_FAILURES_PER_MINUTE: '5',
};
const [rate, budget] = [1000, 'one'];

describe('the hub’s side of processes on one PostgreSQL', () => {
  let test: TestDatabase;
  const running: { stop(): Promise<unknown> }[] = [];

  beforeAll(async () => (test = await createTestDatabase()));
  afterAll(async () => {
    for (const each of running.reverse()) await each.stop();
    await test.drop();
  });

  /** A process as the application builds it, without the rest of the application. */
  async function aProcess(roles: string, more: Readonly<Record<string, string>> = {}) {
    const env = readEnv({ ...shared, ...more, OPCOVIA_ROLES: roles });
    const sizes = new BudgetSizes();
    sizes.declare(budget, { rate, burst: 100 });
    const name = nameAtHub(env);
    const permits = new InstancePermits({ clock: systemClock, timers: systemTimers, sizes, name });
    const warned: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => warned.push(line) });
    const parts = { env, clock: systemClock, timers: systemTimers, sizes, permits, database: test.database, log };
    const process = new HubProcess(parts, name);
    const server: FastifyInstance = Fastify();
    process.door?.mount(server);
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    await process.start();
    let stopped = false;
    const stop = async () => {
      if (stopped) return;
      stopped = true;
      await process.stop();
      await server.close();
    };
    running.push({ stop });
    return { permits, process, url, stop, warned };
  }
  const epochOf = (permits: InstancePermits) => permits.state().epoch;
  const goesBy = (permits: InstancePermits, epoch: number) =>
    eventually(
      () => Promise.resolve(permits.state()),
      (state) => state.epoch >= epoch && state.mode === 'granted' && state.connected,
      40_000,
    );

  it('one leads for all of them; what it had learnt is what the next one goes by', async () => {
    const first = await aProcess('api,hub');
    await goesBy(first.permits, 1);
    const second = await aProcess('worker,hub');
    const instance = await aProcess('api', { OPCOVIA_HUB_INSTANCE: 'api-1', OPCOVIA_HUB_INSTANCE_SECRET: secret });
    for (const { permits } of [second, instance]) await goesBy(permits, 1);
    const asking = { tenant: 'ab'.repeat(32), patienceMs: 30_000 };
    expect(await instance.permits.ask(budget, 'job', asking)).toMatchObject({ granted: true });
    instance.permits.throttled(budget, 0.01, asking.tenant);
    await eventually(
      () => Promise.resolve(first.permits.look(budget).rate),
      (believed) => believed < rate,
    );
    const before = first.permits.look(budget).rate;
    const epoch = epochOf(first.permits);
    await first.stop();
    await goesBy(second.permits, epoch + 1);
    await goesBy(instance.permits, epoch + 1);
    expect(second.permits.look(budget).rate).toBeLessThan(rate);
    expect(second.permits.look(budget).rate).toBeGreaterThanOrEqual(Math.min(before, rate / 2));
  }, 120_000);

  it('an instance that is told where its hub is goes there and nowhere else, whatever the row names', async () => {
    const named = { OPCOVIA_HUB_INSTANCE: 'api-astray', OPCOVIA_HUB_INSTANCE_SECRET: secret };
    const astray = await aProcess('api', { ...named, OPCOVIA_HUB_URL: 'http://127.0.0.1:1' });
    await eventually(
      () => Promise.resolve(astray.warned.length),
      (times) => times >= 3,
    );
    expect(astray.permits.state()).toMatchObject({ mode: 'safe', connected: false, epoch: 0 });
    expect(astray.warned.join()).not.toContain(secret);
  }, 120_000);

  it('a revoked instance is sent away and not let in again, whoever leads', async () => {
    const hub = await aProcess('hub');
    const named = { OPCOVIA_HUB_INSTANCE: 'api-gone', OPCOVIA_HUB_INSTANCE_SECRET: secret };
    const gone = await aProcess('api', named);
    await goesBy(gone.permits, 1);
    await test.database.asSystem((sql) => new HubRevocations().revoke(sql, 'api-gone'));
    await eventually(
      () => Promise.resolve(gone.permits.state()),
      (state) => !state.connected && state.mode !== 'granted',
      40_000,
    );
    const authorization = `Basic ${Buffer.from(`api-gone:${secret}`).toString('base64')}`;
    // The one that only follows hears of it at its own next look.
    await eventually(
      () => ask(`${hub.url}/hub/token`, { method: 'POST', headers: { authorization } }),
      ({ status }) => status === 401,
    );
  }, 120_000);

  it('a token is had for the secret of the instance alone, and who guesses is slowed down', async () => {
    const { url } = await aProcess('hub');
    const tokenFor = (authorization?: string) =>
      ask(`${url}/hub/token`, { method: 'POST', ...(authorization && { headers: { authorization } }) });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    const good = await tokenFor(basic(`api-7:${secret}`));
    expect(good).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    expect(good.body.expires_in).toBeGreaterThan(500);
    expect(good.headers.get('cache-control')).toBe('no-store');
    for (const wrong of [undefined, basic('api-7:'), basic(`other:${secret}`), `Bearer ${good.body.access_token}`]) {
      expect(await tokenFor(wrong)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    }
    expect((await tokenFor(basic(`api-7:${secret.slice(1)}é`))).status).toBe(401);
    const slowed = await tokenFor(basic(`api-7:${secret}`));
    expect([slowed.status, Number(slowed.headers.get('retry-after')) > 0]).toEqual([429, true]);
  });
});
