import fc from 'fast-check';
import { applyPatch } from '../../test/support/apply-patch.js';
import { patchOf } from './patch.js';

/** As it comes over the wire: no -0, no surprising prototypes. */
const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('patchOf', () => {
  it('turns the old document into the new one, whatever they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const [before, after] = [wire(one), wire(other)];
        expect(applyPatch(before, patchOf(before, after))).toEqual(after);
      }),
      { numRuns: 500 },
    );
  });

  it('turns a list into any other made of like rows', () => {
    const rows = fc.array(
      fc.record({ numero: fc.integer({ min: 1, max: 6 }), montant: fc.integer({ min: 0, max: 3 }) }),
    );
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        expect(applyPatch({ rows: before }, patchOf({ rows: before }, { rows: after }))).toEqual({ rows: after });
      }),
      { numRuns: 500 },
    );
  });

  it('is empty exactly when nothing differs', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const [before, after] = [wire(one), wire(other)];
        expect(patchOf(before, structuredClone(before))).toEqual([]);
        const same = patchOf(before, after).length === 0;
        if (same) expect(before).toEqual(after);
      }),
    );
  });

  it('says of a row that comes in no more than itself', () => {
    const before = { echeances: [{ numero: 1 }, { numero: 3 }] };
    expect(patchOf(before, { echeances: [{ numero: 1 }, { numero: 2 }, { numero: 3 }] })).toEqual([
      { op: 'add', path: '/echeances/1', value: { numero: 2 } },
    ]);
    expect(patchOf({ 'a/b': { '~': 1 } }, { 'a/b': { '~': 2 } })).toEqual([
      { op: 'replace', path: '/a~1b/~0', value: 2 },
    ]);
  });
});
