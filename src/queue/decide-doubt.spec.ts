import fc from 'fast-check';
import { fail } from '../core/errors.js';
import { decideDoubt, type DoubtRules, type Finding } from './decide-doubt.js';
import { freshDoubt, type Decision, type Doubt } from './decision.js';

const rules: DoubtRules = { quietMs: 1000, doubtedMs: 0, patienceMs: 3_600_000 };
const found = (fresh: boolean): Finding => ({ kind: 'found', fresh, number: '7', answer: { numeroInterne: '7' } });
const none: Finding = { kind: 'none', others: [] };
const failed: Finding = { kind: 'failed', failure: fail('UPSTREAM_ERROR') };
const decided = (doubt: Doubt, finding: Finding, over: Partial<DoubtRules> = {}) =>
  decideDoubt(doubt, finding, { ...rules, ...over });

const findings: fc.Arbitrary<Finding> = fc.oneof(
  fc.boolean().map(found),
  fc.constantFrom<Finding>(
    none,
    failed,
    { kind: 'unsupported' },
    { kind: 'unsure', others: [] },
    { kind: 'unfinished', others: ['1'] },
  ),
);
const doubts = fc.constantFrom('ambiguous', 'maybe-duplicate', 'applied-unreadable').map(freshDoubt);

describe('what a look-up means', () => {
  it('completes by an object that is new since the intent', () => {
    expect(decided(freshDoubt('ambiguous'), found(true))).toMatchObject({ kind: 'completed', outcome: 'applied' });
  });

  it('proves nothing by an object that may be older than the intent, unless the OPCO itself spoke of a duplicate', () => {
    expect(decided(freshDoubt('ambiguous'), found(false))).toMatchObject({ kind: 'needs_review', outcome: 'unknown' });
    expect(decided(freshDoubt('applied-unreadable'), found(false))).toMatchObject({
      kind: 'needs_review',
      outcome: 'applied',
    });
    expect(decided(freshDoubt('maybe-duplicate'), found(false))).toMatchObject({
      kind: 'completed',
      why: 'check-existing',
    });
  });

  it('allows a new send after two absences only, a quiet period apart', () => {
    const once = decided(freshDoubt('ambiguous'), none);
    expect(once).toMatchObject({ kind: 'check', delayMs: 1000, doubt: { negatives: 1 } });
    expect(once.kind === 'check' && decided(once.doubt, none)).toMatchObject({ kind: 'retry', why: 'check-none' });
  });

  it('fails a duplicate that the OPCO has in no shape of this deposit', () => {
    expect(decided({ ...freshDoubt('maybe-duplicate'), negatives: 1 }, none)).toMatchObject({
      kind: 'failed',
      outcome: 'not_applied',
    });
  });

  it('waits longer and longer while the OPCO cannot be looked at, then asks a person', () => {
    const pauses = [0, 1, 2, 9, 30].map((failures) => {
      const decision = decided({ ...freshDoubt('ambiguous'), failures }, failed);
      return decision.kind === 'check' ? decision.delayMs : -1;
    });
    expect(pauses).toEqual([1000, 2000, 4000, 512_000, 900_000]);
    expect(decided(freshDoubt('ambiguous'), failed, { doubtedMs: 3_600_000 })).toMatchObject({
      kind: 'needs_review',
      why: 'check-expired',
    });
  });

  it('is never a new send unless two complete look-ups found nothing, whatever else was seen', () => {
    fc.assert(
      fc.property(doubts, fc.array(findings, { maxLength: 30 }), (doubt, seen) => {
        let state = doubt;
        let absences = 0;
        let decision: Decision | undefined;
        for (const finding of seen) {
          decision = decided(state, finding);
          if (finding.kind === 'none') absences++;
          if (decision.kind !== 'check') break;
          state = decision.doubt;
        }
        if (decision?.kind !== 'retry') return;
        expect(doubt.class).toBe('ambiguous');
        expect(absences).toBeGreaterThanOrEqual(2);
      }),
    );
  });
});
