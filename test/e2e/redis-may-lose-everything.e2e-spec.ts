import { Redis } from 'ioredis';
import { Fleet, type Cargo, type Ship } from '../support/a-fleet.js';
import { control, eventually } from '../support/product.js';

describe('a Redis that loses everything', () => {
  let fleet: Fleet;
  let ship: Ship;

  beforeAll(async () => {
    fleet = await Fleet.of('lossy-redis');
    ship = await fleet.launch({ OPCOVIA_JOB_CONCURRENCY: '10' });
  });
  afterAll(() => fleet.stop());
  afterEach(() => expect(fleet.offences()).toEqual([]));

  const effects = (cargo: readonly Cargo[]) => cargo.map((each) => fleet.effects(each).length);
  const statuses = (cargo: readonly Cargo[]) =>
    Promise.all(cargo.map(async (each) => (await fleet.ended(ship, each)).status));

  it('by FLUSHALL, with ten deposits active, forty waiting and ten delayed, costs none of them', async () => {
    const busy = Array.from({ length: 50 }, (_, rank) => fleet.document(`busy-${rank}`));
    const late = Array.from({ length: 10 }, (_, rank) => fleet.document(`late-${rank}`, 'akto'));
    await control(fleet.sandbox, '/_sandbox/faults', [
      { opcoId: 'opco-ep', route: 'depositDocument', kind: 'hold', ms: 8000, times: 10 },
      { opcoId: 'akto', route: 'depositDocument', kind: '429', retryAfterSeconds: 3, times: 10 },
    ]);
    const tickets = await Promise.all([...busy, ...late].map((cargo) => fleet.send(ship, cargo)));
    expect(new Set(tickets.map(({ status }) => status))).toEqual(new Set([202]));
    await eventually(
      async () => [effects(busy).filter(Boolean).length, fleet.sandbox.world.ledger.read({ status: 429 }).length],
      ([active, refused]) => Number(active) >= 10 && Number(refused) > 0,
    );
    expect(effects(busy).filter(Boolean)).toHaveLength(10);
    const redis = new Redis(fleet.services.redisUrl);
    await redis.flushall().finally(() => redis.disconnect());

    expect(new Set(await statuses([...busy, ...late]))).toEqual(new Set(['completed']));
    expect(new Set(effects([...busy, ...late]))).toEqual(new Set([1]));
  });

  it('because it is killed five times while deposits come in, costs none of them, and the workers go on', async () => {
    const sent: Cargo[] = [];
    for (let time = 1; time <= 5; time += 1) {
      const now = Array.from({ length: 6 }, (_, rank) => fleet.document(`kill-${time}-${rank}`));
      sent.push(...now);
      const accepting = now.map((cargo) => fleet.accepted(() => ship, cargo));
      await fleet.services.restartRedis();
      await Promise.all(accepting);
    }
    const begun = performance.now();
    expect(new Set(await statuses(sent))).toEqual(new Set(['completed']));
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect(new Set(effects(sent))).toEqual(new Set([1]));
    expect(ship.process.child.exitCode).toBeNull();
  });
});
