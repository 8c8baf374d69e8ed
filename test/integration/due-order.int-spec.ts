import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { TenantHash } from '../../src/core/tenant.js';
import { OutboxRepository, type DueJob } from '../../src/queue/outbox.repository.js';
import { Turns } from '../../src/queue/turns.js';
import { aTenant } from '../support/a-queue.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

interface Waiting {
  readonly by: TenantHash;
  /** Seconds from now. */
  readonly runIn?: number;
  readonly deadlineIn?: number;
}

describe('who is due first at an OPCO', () => {
  const opcoId = 'opco-ep';
  let db: TestDatabase;
  let outbox: OutboxRepository;

  beforeAll(async () => {
    db = await createTestDatabase();
    outbox = new OutboxRepository(db.database);
  });
  afterEach(() => run('DELETE FROM job_outbox'));
  afterAll(() => db.drop());

  const run = (text: string, values: readonly unknown[] = []) => db.database.asSystem((sql) => sql.query(text, values));
  const take = (room: number, turns = new Turns()) =>
    outbox.takeDue({ opcoId, environments: ['test', 'live'], room, turns });
  const end = (jobs: readonly DueJob[]) =>
    run('DELETE FROM job_outbox WHERE job_id = ANY($1)', [jobs.map(({ jobId }) => jobId)]);

  async function waits(entries: readonly Waiting[]): Promise<string[]> {
    const ids = entries.map(() => randomUUID());
    await run(
      `INSERT INTO job_outbox (job_id, tenant_hash, environment, opco_id, run_at, deadline)
       SELECT id, tenant, 'test', $5, now() + run_in * interval '1 second', now() + deadline_in * interval '1 second'
       FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::float8[]) AS i(id, tenant, run_in, deadline_in)`,
      [
        ids,
        entries.map(({ by }) => by),
        entries.map(({ runIn }) => runIn ?? 0),
        entries.map(({ deadlineIn }) => deadlineIn ?? null),
        opcoId,
      ],
    );
    return ids;
  }

  async function aTenantOf(weight: number): Promise<TenantHash> {
    const { hash } = aTenant();
    await run("INSERT INTO tenants (tenant_hash, nom, environment, weight) VALUES ($1, 'CFA', 'test', $2)", [
      hash,
      weight,
    ]);
    return hash;
  }

  it('is shared by weight, slot by slot, for whatever weights and slots', async () => {
    const weights = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(weights, fc.integer({ min: 1, max: 6 }), async (heavy, slots) => {
        await run('DELETE FROM job_outbox');
        const tenants = await Promise.all(heavy.map(aTenantOf));
        const rounds = 6;
        await waits(tenants.flatMap((by, at) => Array.from({ length: (heavy[at] ?? 1) * rounds * 3 }, () => ({ by }))));
        const turns = new Turns();
        const held: DueJob[] = [];
        const had = new Map<string, number>(tenants.map((hash) => [hash, 0]));
        const looks = heavy.reduce((sum, weight) => sum + weight, 0) * rounds;
        for (let look = 0; look < looks; look++) {
          if (held.length >= slots) await end(held.splice(0, 1));
          for (const job of await take(slots - held.length, turns)) {
            held.push(job);
            had.set(job.tenant, (had.get(job.tenant) ?? 0) + 1);
          }
          // Every prefix is fair, not only the whole: in turns of weight one nobody is ahead by more than what is under way.
          const shares = tenants.map((hash, at) => (had.get(hash) ?? 0) / (heavy[at] ?? 1));
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(2 + slots);
        }
        const whole = tenants.map((hash, at) => (had.get(hash) ?? 0) / (heavy[at] ?? 1));
        for (const share of whole) expect(Math.abs(share - rounds)).toBeLessThanOrEqual(2);
      }),
      { numRuns: 25 },
    );
  });

  it('gives a tenant of weight two twice the turns of one of weight one, even one at a time', async () => {
    const [light, heavy] = [await aTenantOf(1), await aTenantOf(2)];
    await waits([light, heavy].flatMap((by) => Array.from({ length: 30 }, () => ({ by }))));
    const turns = new Turns();
    const served: string[] = [];
    for (let turn = 0; turn < 30; turn++) {
      const taken = await take(1, turns);
      served.push(...taken.map(({ tenant }) => tenant));
      await end(taken);
    }
    expect(served.filter((hash) => hash === heavy)).toHaveLength(20);
  });

  it('gives what a light tenant leaves to whoever still waits', async () => {
    const [light, heavy] = [await aTenantOf(1), await aTenantOf(100)];
    await waits([{ by: heavy }, ...Array.from({ length: 9 }, () => ({ by: light }))]);
    expect(await take(10)).toHaveLength(10);
  });

  it('is, within one tenant, the nearest deadline', async () => {
    const by = aTenant().hash;
    const day = 86_400;
    const [late, soon, never, sooner] = await waits([
      { by, runIn: -30, deadlineIn: 6 * day },
      { by, runIn: -20, deadlineIn: 2 * day },
      { by, runIn: -60 },
      { by, runIn: -10, deadlineIn: day },
    ]);
    const taken = await take(4);
    expect(taken.map(({ jobId }) => jobId)).toEqual([sooner, soon, late, never]);
  });

  it('never lets a deadline overtake what has waited for seven days without one', async () => {
    const by = aTenant().hash;
    const week = 7 * 86_400;
    const [old] = await waits([
      { by, runIn: -week - 60 },
      { by, runIn: -10, deadlineIn: 1 },
    ]);
    expect((await take(1)).map(({ jobId }) => jobId)).toEqual([old]);
  });

  it('is by due time where nothing has a deadline, or a far one', async () => {
    const by = aTenant().hash;
    const ids = await waits([
      { by, runIn: -10 },
      { by, runIn: -30, deadlineIn: 30 * 86_400 },
      { by, runIn: -20 },
    ]);
    expect((await take(3)).map(({ jobId }) => jobId)).toEqual([ids[1], ids[2], ids[0]]);
  });

  it('leaves alone what is due later, however near its deadline', async () => {
    const by = aTenant().hash;
    const [, due] = await waits([{ by, runIn: 60, deadlineIn: 61 }, { by }]);
    expect((await take(9)).map(({ jobId }) => jobId)).toEqual([due]);
  });

  it('is found without walking a backlog', async () => {
    const by = aTenant().hash;
    const looks = async () => {
      const begun = performance.now();
      for (let look = 0; look < 20; look++) await take(1);
      return (performance.now() - begun) / 20;
    };
    const alone = await looks();
    await waits(Array.from({ length: 5000 }, (_, at) => ({ by, runIn: at % 2 ? 600 : -at, deadlineIn: 9000 + at })));
    await run('ANALYZE job_outbox').catch(() => undefined);
    expect(await looks()).toBeLessThan(25 + 5 * alone);
  });
});
