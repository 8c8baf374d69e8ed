import { LeaderRepository } from '../../src/hub/leader/leader.repository.js';
import { eventually } from '../support/product.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('the row of the leading hub', () => {
  let test: TestDatabase;
  const long = 3600;
  const hub = (seconds: number) => new LeaderRepository(test.database, seconds);
  const emptied = () =>
    test.database.asSystem((sql) =>
      sql.query(`UPDATE hub_leader SET expires_at = now() - interval '1 second', members = 0`),
    );

  beforeAll(async () => (test = await createTestDatabase()));
  afterEach(emptied);
  afterAll(() => test.drop());

  it('belongs to one of many that ask for it at once', async () => {
    const hubs = Array.from({ length: 5 }, () => hub(long));
    const terms = await Promise.all(hubs.map((each, at) => each.claim(`http://hub-${at}`)));
    const won = terms.flatMap((term, at) => (term ? [at] : []));
    expect(won).toHaveLength(1);
    expect(await hub(long).url()).toBe(`http://hub-${won[0]}`);
    expect(await hubs[won[0] ?? 0]?.claim('http://again')).toBeUndefined();
  });

  it('goes to a later epoch each time, and tells what the one before knew', async () => {
    const [first, second] = [hub(long), hub(long)];
    const term = await first.claim('http://first');
    const epoch = term?.epoch ?? 0;
    expect(await first.renew(epoch, 7)).toBe(true);
    expect(await first.keep(epoch, { akto: { good: 9.5 }, afdas: { good: 3 } })).toBe(true);
    expect(await second.claim('http://second')).toBeUndefined();
    await first.resign(epoch, 6);
    expect(await second.url()).toBeUndefined();
    expect(await second.claim('http://second')).toEqual({
      ...{ epoch: epoch + 1, members: 6 },
      learnt: { akto: { good: 9.5 }, afdas: { good: 3 } },
    });
    expect(await second.url()).toBe('http://second');
  });

  it('lets a former leader neither renew, keep nor resign', async () => {
    const [former, next] = [hub(long), hub(long)];
    const old = (await former.claim('http://former'))?.epoch ?? 0;
    await former.keep(old, { akto: { good: 1 } });
    await emptied();
    const epoch = (await next.claim('http://next'))?.epoch ?? 0;
    expect(await former.renew(old, 1)).toBe(false);
    expect(await former.renew(epoch, 1)).toBe(false);
    expect(await former.keep(old, { akto: { good: 99 } })).toBe(false);
    expect(await former.keep(epoch, { akto: { good: 99 } })).toBe(false);
    await former.resign(old, 0);
    expect(await next.url()).toBe('http://next');
    expect(await next.renew(epoch, 1)).toBe(true);
    await next.resign(epoch, 0);
    expect((await former.claim('http://former'))?.learnt).toMatchObject({ akto: { good: 1 } });
  });

  it('runs out by the clock of PostgreSQL, after which even its holder has to begin anew', async () => {
    const [brief, other] = [hub(0.2), hub(long)];
    const epoch = (await brief.claim('http://brief'))?.epoch ?? 0;
    const taken = await eventually(
      () => other.claim('http://other'),
      (term) => term !== undefined,
    );
    expect(taken?.epoch).toBe(epoch + 1);
    expect(await brief.renew(epoch, 1)).toBe(false);
  });

  it('names no address of a hub that listens nowhere', async () => {
    await hub(long).claim('');
    expect(await hub(long).url()).toBeUndefined();
  });

  it('is nothing that a tenant or the application could read', async () => {
    for (const table of ['hub_leader', 'hub_rates', 'hub_revoked'])
      await expect(test.database.call(`SELECT * FROM ${table}`, [])).rejects.toMatchObject({ code: '42501' });
  });
});
