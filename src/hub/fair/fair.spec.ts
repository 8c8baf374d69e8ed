import fc from 'fast-check';
import type { Lane } from './classes.js';
import { Line, type Want } from './line.js';

const always = () => true;
const want = (tenant: string, calls: number, changes: Partial<Want> = {}): Want => ({
  ...{ lane: 'job' as Lane, tenant, weight: 1, calls },
  ...changes,
});

/** How many of so many turns each tenant, class or instance had. */
function turns(line: Line, count: number, by: 'tenant' | 'lane' | 'instance'): Record<string, number> {
  const had: Record<string, number> = {};
  for (let n = 0; n < count; n += 1) {
    const turn = line.next(always);
    if (turn) had[turn[by]] = (had[turn[by]] ?? 0) + 1;
  }
  return had;
}

/** Jain's index of fairness: 1 when all are equal, 1/n when one has everything. */
function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum ** 2 / (values.length * values.reduce((total, value) => total + value ** 2, 0));
}

const claims = fc.array(fc.record({ calls: fc.nat(60), weight: fc.integer({ min: 1, max: 5 }) }), {
  minLength: 1,
  maxLength: 20,
});

describe('the line before an OPCO', () => {
  it('serves as much as is wanted, max-min fair by weight: who still waits has had no less than anybody, but for one turn', () => {
    fc.assert(
      fc.property(claims, fc.nat(400), (list, count) => {
        const line = new Line();
        line.set(
          'one',
          list.map(({ calls, weight }, n) => want(`t${n}`, calls, { weight })),
        );
        const served = turns(line, count, 'tenant');
        const had = list.map((claim, n) => ({ ...claim, had: served[`t${n}`] ?? 0 }));
        const wanted = had.reduce((sum, { calls }) => sum + calls, 0);
        expect(had.reduce((sum, each) => sum + each.had, 0)).toBe(Math.min(count, wanted));
        for (const one of had) {
          expect(one.had).toBeLessThanOrEqual(one.calls);
          if (one.had === one.calls) continue;
          for (const other of had)
            expect((other.had - 1) / other.weight).toBeLessThanOrEqual(one.had / one.weight + 1e-9);
        }
      }),
    );
  });

  it('serves tenants alike, however much each wants and wherever it asks', () => {
    const line = new Line();
    line.set('one', [want('a', 1000), want('b', 300)]);
    line.set('two', [want('a', 5000), want('c', 250)]);
    expect(jainIndex(Object.values(turns(line, 600, 'tenant')))).toBeGreaterThan(0.999);
  });

  it('serves by weight', () => {
    const line = new Line();
    line.set('one', [want('a', 1000, { weight: 3 }), want('b', 1000)]);
    expect(turns(line, 400, 'tenant')).toEqual({ a: 300, b: 100 });
  });

  it('gives what an idle tenant leaves to the others, and its share back at once, without arrears', () => {
    const line = new Line();
    line.set('one', [want('a', 1000)]);
    turns(line, 500, 'tenant');
    line.set('one', [want('a', 1000), want('b', 1000)]);
    expect(turns(line, 100, 'tenant')).toEqual({ a: 50, b: 50 });
  });

  it('never serves more than was wanted, nor anybody who left', () => {
    const wants = fc.array(
      fc.record({
        lane: fc.constantFrom<Lane>('interactive', 'job', 'poll', 'bulk', 'ahead'),
        tenant: fc.constantFrom('a', 'b', 'c'),
        weight: fc.double({ min: 0.1, max: 5, noNaN: true }),
        calls: fc.integer({ min: 0, max: 20 }),
      }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(wants, wants, (first, second) => {
        const line = new Line();
        line.set('gone', first);
        line.set('stays', second);
        line.set('stays', second);
        line.leave('gone');
        const wanted = second.reduce((sum, { calls }) => sum + calls, 0);
        expect(turns(line, wanted + 50, 'instance')).toEqual(wanted > 0 ? { stays: wanted } : {});
        expect(line.next(always)).toBeUndefined();
      }),
    );
  });

  it('lets a person go first while bulk traffic saturates', () => {
    const line = new Line();
    line.set('one', [want('b', 1000, { lane: 'bulk' })]);
    turns(line, 100, 'lane');
    line.set('one', [want('b', 1000, { lane: 'bulk' }), want('a', 1, { lane: 'interactive' })]);
    expect(line.next(always)?.lane).toBe('interactive');
  });

  it('leaves every class what it is guaranteed while all want everything', () => {
    const line = new Line();
    line.set(
      'one',
      (['interactive', 'job', 'poll', 'bulk'] as const).map((lane) => want('a', 9999, { lane })),
    );
    const had = turns(line, 1000, 'lane');
    expect(had.bulk).toBeGreaterThanOrEqual(90);
    expect(had.poll).toBeGreaterThanOrEqual(140);
    expect(had.job).toBeGreaterThanOrEqual(290);
    expect(had.interactive).toBeGreaterThanOrEqual(390);
  });

  it('lends a class what the others leave', () => {
    const line = new Line();
    line.set('one', [want('a', 9999, { lane: 'bulk' })]);
    expect(turns(line, 100, 'lane')).toEqual({ bulk: 100 });
  });

  it('lets a tenant go first that had left unserved, for a bounded number of turns', () => {
    const line = new Line();
    line.set('one', [want('a', 1000)]);
    line.set('two', [want('b', 1)]);
    turns(line, 1, 'tenant');
    line.set('two', []);
    turns(line, 200, 'tenant');
    line.set('two', [want('b', 1000)]);
    const had = turns(line, 40, 'tenant');
    expect(had.b).toBeGreaterThanOrEqual(20);
    expect(had.b).toBeLessThanOrEqual(20 + 10);
  });

  it('keeps the claim of who left unserved, however many were served before and wait no more', () => {
    const line = new Line();
    for (let n = 0; n < 2500; n += 1) {
      line.set('many', [want(`t${n}`, 1)]);
      turns(line, 1, 'tenant');
    }
    line.set('one', [want('a', 1000)]);
    turns(line, 1, 'tenant');
    line.set('two', [want('b', 1)]);
    line.set('two', []);
    turns(line, 200, 'tenant');
    line.set('two', [want('b', 1000)]);
    expect(turns(line, 40, 'tenant').b).toBeGreaterThanOrEqual(24);
  });

  it('passes over a tenant that is blocked at its own key', () => {
    const line = new Line();
    line.set('one', [want('a', 10), want('b', 10)]);
    expect(line.next(always, (tenant) => tenant === 'a')?.tenant).toBe('b');
  });
});
