import { createHash, randomBytes } from 'node:crypto';
import { readTenantHash, type TenantHash } from '../../src/core/tenant.js';
import { EventFeed } from '../../src/events/event-feed.js';
import { EventLog } from '../../src/events/event-log.js';
import { type SequencedEvent, Sequencer } from '../../src/events/sequencer.js';
import type { Sql } from '../../src/platform/database/database.js';
import { Leadership } from '../../src/platform/database/leadership.js';
import { anEvent, type LooseEvent } from '../support/loose-event.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const aTenant = (): TenantHash => readTenantHash(createHash('sha256').update(randomBytes(16)).digest('hex'));

describe('the event log', () => {
  let db: TestDatabase;
  const log = new EventLog();

  const append = (sql: Sql, tenant: TenantHash, event: LooseEvent = {}) => log.append(sql, tenant, anEvent(event));
  const publish = (tenant: TenantHash, event: LooseEvent = {}) =>
    db.database.asTenant(tenant, (sql) => append(sql, tenant, event));
  const feed = async (tenant: TenantHash, question: object = {}) =>
    new EventFeed(db.database).read(tenant, { limit: 100, ...question });

  /** An instance of its own; `taken` is what its sink was given. */
  function anInstance(batch = 500) {
    const taken: SequencedEvent[] = [];
    const sink = {
      take: async (_sql: Sql, events: readonly SequencedEvent[]) => void taken.push(...events),
      committed: () => undefined,
    };
    return { taken, sequencer: new Sequencer(db.database, new Leadership(db.database), [sink], batch) };
  }

  /** Numbers whatever is committed, in an instance that then gives the duty back. */
  async function number(batch = 500): Promise<SequencedEvent[]> {
    const { taken, sequencer } = anInstance(batch);
    while (await sequencer.round());
    await sequencer.resign();
    return taken;
  }

  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db?.drop());

  it('numbers each tenant by itself, without a gap, in the order of writing', async () => {
    const [a, b] = [aTenant(), aTenant()];
    for (const n of [1, 2, 3, 4, 5]) {
      await publish(a, { data: { n } });
      if (n % 2) await publish(b, { data: { n } });
    }
    await number(2);
    const seen = async (tenant: TenantHash) =>
      (await feed(tenant)).data.map(({ sequence, data }) => [sequence, data['n']]);
    expect(await seen(a)).toEqual([[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]]); // prettier-ignore
    expect(await seen(b)).toEqual([[1, 1], [2, 3], [3, 5]]); // prettier-ignore
  });

  it('shows no event before it has its number', async () => {
    const tenant = aTenant();
    await publish(tenant);
    expect((await feed(tenant)).data).toEqual([]);
    await number();
    expect((await feed(tenant)).data).toHaveLength(1);
  });

  it('leaves no gap for a transaction that rolls back, and numbers a late commit late', async () => {
    const tenant = aTenant();
    await publish(tenant, { data: { n: 'first' } });
    await expect(
      db.database.asTenant(tenant, async (sql) => {
        await append(sql, tenant, { data: { n: 'never' } });
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await db.database.asTenant(tenant, async (sql) => {
      await append(sql, tenant, { data: { n: 'late' } });
      await publish(tenant, { subject: 'job:2', data: { n: 'early' } });
      await number();
    });
    await number();
    expect((await feed(tenant)).data.map(({ sequence, data }) => [sequence, data['n']])).toEqual([
      [1, 'first'],
      [2, 'early'],
      [3, 'late'],
    ]);
  });

  it('lets one instance number at a time, and another at once after it resigned', async () => {
    const tenant = aTenant();
    const [first, second] = [anInstance(), anInstance()];
    await first.sequencer.round();
    await publish(tenant);
    await second.sequencer.round();
    expect(second.taken).toEqual([]);
    await first.sequencer.resign();
    await second.sequencer.round();
    expect(second.taken).toMatchObject([{ tenant, sequence: 1, opcoId: 'opco-ep', type: 'job.completed' }]);
    await second.sequencer.resign();
  });

  it('passes to another instance when the lease of one that vanished runs out', async () => {
    const tenant = aTenant();
    const [vanished, other] = [anInstance(), anInstance()];
    await vanished.sequencer.round();
    await publish(tenant);
    await other.sequencer.round();
    expect(other.taken).toEqual([]);
    const [lease] = await db.database.asSystem((sql) =>
      sql.query<{ seconds: number }>(
        `UPDATE leaders l SET expires_at = now() - interval '1 millisecond' FROM leaders before
         WHERE l.duty = 'event-sequencer' AND before.duty = l.duty
         RETURNING extract(epoch FROM before.expires_at - now())::float8 AS seconds`,
      ),
    );
    expect(lease?.seconds).toBeLessThanOrEqual(10);
    await other.sequencer.round();
    expect(other.taken).toMatchObject([{ tenant, sequence: 1 }]);
    // Back to life, the former one finds itself replaced.
    await publish(tenant);
    await vanished.sequencer.round();
    expect(vanished.taken).toEqual([]);
    await other.sequencer.round();
    expect(other.taken.map(({ sequence }) => sequence)).toEqual([1, 2]);
    await other.sequencer.resign();
  });

  it('leaves no gap and no number twice while twenty tenants write and two instances number', async () => {
    const tenants = Array.from({ length: 20 }, aTenant);
    const everybody = { hold: async () => true, resign: async () => undefined } as unknown as Leadership;
    const sink = { take: async () => undefined, committed: () => undefined };
    let writing = true;
    const numbering = [1, 2].map(async () => {
      const sequencer = new Sequencer(db.database, everybody, [sink], 7);
      while (writing || (await sequencer.round())) await sequencer.round();
    });
    await Promise.all(tenants.map(async (tenant) => { for (let n = 0; n < 10; n++) await publish(tenant, { data: { n } }); })); // prettier-ignore
    writing = false;
    await Promise.all(numbering);
    for (const tenant of tenants) {
      const { data } = await feed(tenant);
      expect(data.map((each) => [each.sequence, each.data['n']])).toEqual(data.map((_, at) => [at + 1, at]));
      expect(data).toHaveLength(10);
    }
  });

  it('makes no writer wait: one that holds its transaction open keeps no other of the same tenant from committing', async () => {
    const tenant = aTenant();
    await db.database.asTenant(tenant, async (sql) => {
      await append(sql, tenant, { data: { n: 'slow' } });
      await publish(tenant, { subject: 'job:2', data: { n: 'quick' } });
      await number();
      expect((await feed(tenant)).data.map(({ data }) => data['n'])).toEqual(['quick']);
    });
  });

  it('numbers nothing twice when a former leader writes beside the new one', async () => {
    const tenant = aTenant();
    for (let n = 0; n < 40; n++) await publish(tenant, { data: { n } });
    const everybody = { hold: async () => true, resign: async () => undefined } as unknown as Leadership;
    const sink = { take: async () => undefined, committed: () => undefined };
    const rivals = [1, 2, 3].map(() => new Sequencer(db.database, everybody, [sink], 7));
    await Promise.all(rivals.map(async (rival) => { while (await rival.round()); })); // prettier-ignore
    await number();
    const { data } = await feed(tenant);
    expect(data.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    expect(data.map((each) => each.data['n'])).toEqual(Array.from({ length: 40 }, (_, at) => at));
  });

  it('gives no number when what is owed to the event cannot be written', async () => {
    const tenant = aTenant();
    await publish(tenant);
    const leadership = new Leadership(db.database);
    const broken = { take: () => Promise.reject(new Error('no')), committed: () => undefined };
    await expect(new Sequencer(db.database, leadership, [broken]).round()).rejects.toThrow('no');
    await leadership.resign('event-sequencer');
    expect((await feed(tenant)).data).toEqual([]);
    await number();
    expect((await feed(tenant)).data.map(({ sequence }) => sequence)).toEqual([1]);
  });

  it('pages by sequence, filters by type and OPCO, and shows another tenant nothing', async () => {
    const tenant = aTenant();
    await publish(tenant);
    await publish(tenant, { type: 'job.failed', opcoId: 'akto' });
    await publish(tenant, { type: 'job.failed' });
    await number();
    const first = await feed(tenant, { limit: 2 });
    expect(first.data.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(first.nextCursor).toBe('2');
    expect(await feed(tenant, { after: first.nextCursor })).toMatchObject({
      data: [{ sequence: 3 }],
      nextCursor: null,
    });
    expect((await feed(tenant, { types: ['job.failed'] })).data.map(({ sequence }) => sequence)).toEqual([2, 3]);
    expect((await feed(tenant, { opcoId: 'akto' })).data.map(({ sequence }) => sequence)).toEqual([2]);
    expect(Object.keys(first.data[0] ?? {})).toEqual(['event', 'opcoId', 'timestamp', 'data', 'id', 'sequence']);
    expect((await feed(aTenant())).data).toEqual([]);
    await expect(feed(tenant, { after: "1' OR true" })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('says how many events a reader who comes too late has missed, and up to where a page speaks', async () => {
    const tenant = aTenant();
    for (let n = 1; n <= 5; n++) await publish(tenant, { type: n % 2 ? 'job.failed' : 'job.completed' });
    await number();
    expect(await feed(tenant, { after: '0' })).toMatchObject({ missed: 0, upTo: 5 });
    expect(await feed(tenant, { limit: 2 })).toMatchObject({ missed: 0, upTo: 2, nextCursor: '2' });
    expect(await feed(tenant, { after: '4', types: ['sync.failed'] })).toMatchObject({ data: [], missed: 0, upTo: 5 });
    const forget = (upTo: number) =>
      db.database.asSystem((sql) =>
        sql.query('DELETE FROM events WHERE tenant_hash = $1 AND sequence <= $2', [tenant, upTo]),
      );
    await forget(3);
    expect(await feed(tenant, { after: '1' })).toMatchObject({ data: [{ sequence: 4 }, { sequence: 5 }], missed: 2 });
    expect(await feed(tenant, { after: '3' })).toMatchObject({ missed: 0 });
    await publish(tenant);
    await publish(tenant);
    await number();
    await db.database.asSystem((sql) =>
      sql.query('DELETE FROM events WHERE tenant_hash = $1 AND sequence = 6', [tenant]),
    );
    expect(await feed(tenant, { after: '4' })).toMatchObject({
      data: [{ sequence: 5 }, { sequence: 7 }],
      missed: 1,
      upTo: 7,
    });
    expect(await feed(tenant, { after: '4', limit: 1 })).toMatchObject({ missed: 0, upTo: 5, nextCursor: '5' });
    await db.database.asSystem((sql) =>
      sql.query('DELETE FROM events WHERE tenant_hash = $1 AND sequence > 5', [tenant]),
    );
    await db.database.asSystem((sql) =>
      sql.query('UPDATE event_sequences SET last = 5 WHERE tenant_hash = $1', [tenant]),
    );
    await forget(5);
    expect(await feed(tenant, { after: '1' })).toEqual({ data: [], nextCursor: null, upTo: 5, missed: 4 });
    expect(await feed(aTenant())).toEqual({ data: [], nextCursor: null, upTo: 0, missed: 0 });
  });
});
