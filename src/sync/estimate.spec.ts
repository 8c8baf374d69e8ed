import fc from 'fast-check';
import { estimateOf } from './estimate.js';

const pages = { kind: 'pages', size: 100 } as const;
const whole = { kind: 'whole' } as const;

describe('the estimate of a synchronisation', () => {
  it('counts the pages of the list, by the size that the first one shows, and one call a dossier', () => {
    const page = { rows: 50, total: 1200 };
    expect(estimateOf({ paging: pages, callsPerSecond: 10, page, known: 3 })).toEqual({
      ...{ dossiers: 1200, calls: 24 + 1200, minutes: 2.1, callsPerSecond: 10, basis: 'opco' },
    });
  });

  it('counts one call for a list that comes in one piece', () => {
    const page = { rows: 599, total: 599 };
    expect(estimateOf({ paging: whole, callsPerSecond: 10, page, known: 0 })).toMatchObject({
      ...{ dossiers: 599, calls: 600, minutes: 1, basis: 'opco' },
    });
  });

  it('goes by the dossiers that are known when the OPCO does not answer, or tells no total', () => {
    expect(estimateOf({ paging: pages, callsPerSecond: 1, page: undefined, known: 250 })).toMatchObject({
      ...{ dossiers: 250, calls: 253, basis: 'snapshots' },
    });
    const page = { rows: 100, total: null };
    expect(estimateOf({ paging: pages, callsPerSecond: 1, page, known: 40 })).toMatchObject({
      ...{ dossiers: 100, calls: 101, basis: 'snapshots' },
    });
  });

  it('says that it does not know rather than nothing', () => {
    const unknown = { dossiers: null, calls: null, minutes: null, callsPerSecond: 10, basis: 'unknown' };
    expect(estimateOf({ paging: pages, callsPerSecond: 10, page: undefined, known: 0 })).toEqual(unknown);
    const page = { rows: 100, total: null };
    expect(estimateOf({ paging: pages, callsPerSecond: 10, page, known: 0 })).toEqual(unknown);
    const empty = { rows: 0, total: null };
    expect(estimateOf({ paging: pages, callsPerSecond: 10, page: empty, known: 0 })).toMatchObject({
      ...{ dossiers: 0, calls: 1, basis: 'opco' },
    });
  });

  it('never promises fewer calls than dossiers, nor a time below that of its calls', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 1e5 }),
        fc.nat({ max: 500 }),
        fc.integer({ min: 1, max: 1000 }),
        (total, rows, rate) => {
          const estimate = estimateOf({ paging: pages, callsPerSecond: rate, page: { rows, total }, known: 0 });
          expect(estimate.calls).toBeGreaterThan(estimate.dossiers ?? Infinity);
          expect((estimate.minutes ?? 0) * 60 * rate).toBeGreaterThanOrEqual((estimate.calls ?? Infinity) - 1e-6);
        },
      ),
    );
  });
});
