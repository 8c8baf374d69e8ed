import { tenantHashOf } from '../core/tenant.js';
import { Backlog } from './backlog.js';

const [a, b] = [tenantHashOf('cfa-a-0123456789abcdef'), tenantHashOf('cfa-b-0123456789abcdef')];

function aBacklog(bounds = { tenant: 3, total: 5 }) {
  let elapsed = 0;
  const backlog = new Backlog(bounds, { elapsed: () => elapsed });
  const counted = (counts: Record<string, number>, seconds = 1) => {
    backlog.begin();
    elapsed += seconds * 1000;
    backlog.end(Object.entries(counts));
  };
  return { backlog, counted };
}

describe('the backlog', () => {
  it('refuses nothing before it was counted', () => {
    expect(aBacklog().backlog.full(a)).toBeUndefined();
  });

  it('is full for the tenant that has reached its bound, and for nobody else', () => {
    const { backlog, counted } = aBacklog();
    counted({ [a]: 3 });
    expect(backlog.full(a)).toMatchObject({ by: 'tenant' });
    expect(backlog.full(b)).toBeUndefined();
  });

  it('is full for everybody at the bound of all', () => {
    const { backlog, counted } = aBacklog();
    counted({ [a]: 2, c: 3 });
    expect(backlog.full(b)).toMatchObject({ by: 'total' });
  });

  it('counts what was accepted here since, also while a count is under way', () => {
    const { backlog, counted } = aBacklog();
    counted({ [a]: 1 });
    backlog.noteAccepted(a);
    backlog.begin();
    backlog.noteAccepted(a);
    expect(backlog.full(a)).toBeDefined();
    backlog.end([[a, 2]]);
    // The second one may be in the count or not: it stays until the next.
    expect(backlog.full(a)).toBeDefined();
    counted({ [a]: 2 });
    expect(backlog.full(a)).toBeUndefined();
  });

  it('says when there is room, as it has been worked off of late, each refused one behind the one before', () => {
    const { backlog, counted } = aBacklog({ tenant: 10, total: 1000 });
    counted({ [a]: 30 });
    for (let left = 28; left >= 10; left -= 2) counted({ [a]: left });
    const waits = [1, 2, 3, 4, 5].map(() => backlog.full(a)?.retryAfterSeconds);
    expect(waits).toEqual([1, 2, 2, 3, 3]);
  });

  it('asks for a minute when nothing leaves', () => {
    const { backlog, counted } = aBacklog();
    counted({ [a]: 3 });
    counted({ [a]: 3 });
    expect(backlog.full(a)?.retryAfterSeconds).toBe(60);
  });

  it('decides in far less than a millisecond, whatever waits', () => {
    const { backlog, counted } = aBacklog({ tenant: 20_000, total: 200_000 });
    counted(Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [tenantHashOf(`cfa-${at}`), 40])));
    const begun = performance.now();
    for (let asked = 0; asked < 1000; asked++) backlog.full(a);
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});
