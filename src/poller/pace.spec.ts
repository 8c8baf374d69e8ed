import fc from 'fast-check';
import type { Dossier } from '../core/contract/dossier.js';
import { likelyRate, mostDetails, planBudget, setClock } from './pace.js';
import { drawLives, simulateFixed, simulatePoller } from '../../test/support/simulate-detection.js';

const today = '2026-10-15';
const dossier = (etat: string, instalment?: object): Dossier => ({
  cerfa: { numeroInterne: 'D1', etat },
  echeances: instalment ? [{ numero: 1, montantTotal: 100, montantRegle: 0, ...instalment }] : null,
});

/** Park and Miller: the same sequence for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe('the budget of a watch', () => {
  it("is the list's while nothing is watched: it alone can bring the first dossier", () => {
    const terms = { callsPerSecond: 4, share: 0.2, sharedBy: 2, listCalls: 1, dossiers: 0 };
    expect(planBudget({ ...terms, weights: 0 }).listSeconds).toBeLessThan(4);
    expect(planBudget({ ...terms, weights: 100 }).listSeconds).toBeGreaterThan(40);
  });
});

describe('the pace of details', () => {
  it('follows the money: in instruction, billable, long billable, not yet open, over', () => {
    const rates = [
      dossier('ENGAGE', { dateOuverture: '2026-10-01', montantEnCoursInstruction: 100 }),
      dossier('ENGAGE', { dateOuverture: '2026-10-01' }),
      dossier('ENGAGE', { dateOuverture: '2026-01-01' }),
      dossier('ENGAGE', { dateOuverture: '2026-12-01' }),
      dossier('SOLDE', { dateOuverture: '2026-10-01' }),
    ].map((each) => likelyRate({ dossier: each, today }));
    expect(rates).toEqual([...rates].sort((one, other) => other - one));
    expect(new Set(rates).size).toBe(5);
  });

  const terms = {
    observed: { changes: 0, exposure: 0, weight: 0, since: null },
    ...{ changed: false, weights: 100, leastSeconds: 900, random: 0.5 },
    budget: { detailsPerDay: 1000, listSeconds: 600 },
  };

  it('quickens where changes are seen, slackens where none are, and never leaves its bounds', () => {
    const clockOf = (changes: number, exposure: number) =>
      setClock(
        { dossier: dossier('ENGAGE'), today },
        { ...terms, observed: { changes, exposure, weight: 0.05, since: 1 } },
      );
    expect(clockOf(6, 1).inSeconds).toBeLessThan(clockOf(1, 1).inSeconds);
    expect(clockOf(0, 6).inSeconds).toBeGreaterThan(clockOf(0, 0).inSeconds);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e4, noNaN: true }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        (weights, detailsPerDay) => {
          const budget = { detailsPerDay, listSeconds: 1 };
          const { inSeconds } = setClock({ dossier: dossier('ENGAGE'), today }, { ...terms, weights, budget });
          expect(inSeconds).toBeGreaterThanOrEqual(900);
          expect(inSeconds).toBeLessThanOrEqual(14 * 86_400 * 1.1);
        },
      ),
    );
  });

  it('comes round on the day on which the next instalment opens', () => {
    const soon = dossier('ENGAGE', { dateOuverture: '2026-10-16' });
    const { inSeconds } = setClock({ dossier: soon, today }, { ...terms, weights: 1e6 });
    expect(inSeconds / 86_400).toBeGreaterThanOrEqual(1);
    expect(inSeconds / 86_400).toBeLessThan(1.5);
  });

  it('keeps lists and details inside the share, whatever the list costs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 1000 }), (listCalls, sharedBy) => {
        const plan = planBudget({
          callsPerSecond: 4,
          share: 0.2,
          sharedBy,
          listCalls,
          dossiers: 50 * listCalls,
          weights: 40,
        });
        const perDay = (4 * 0.2 * 86_400) / sharedBy;
        expect(plan.detailsPerDay + (listCalls * 86_400) / plan.listSeconds).toBeCloseTo(perDay, 3);
        expect(plan.detailsPerDay).toBeGreaterThanOrEqual(0.3 * perDay - 1e-6);
      }),
    );
  });

  it('lets a poll read all that the plan has between two lists, and hardly more after a standstill', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 1000 }), (listCalls, sharedBy) => {
        const terms = { callsPerSecond: 10, share: 0.2, sharedBy, listCalls, dossiers: 100 * listCalls };
        const plan = planBudget({ ...terms, weights: 5 * listCalls });
        const planned = (plan.detailsPerDay * plan.listSeconds) / 86_400;
        expect(mostDetails(plan, 0)).toBeGreaterThanOrEqual(planned);
        expect(mostDetails(plan, 0)).toBeLessThan(2 * planned + 1);
        expect(mostDetails(plan, 10_000)).toBeGreaterThanOrEqual(10_000);
      }),
    );
  });

  it('keeps the list of invoices inside the share as well, and takes nothing for it where there is none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 }), (listCalls, facturesCalls) => {
        const terms = { callsPerSecond: 4, share: 0.2, sharedBy: 3, listCalls, dossiers: 50 * listCalls, weights: 40 };
        const plan = planBudget({ ...terms, facturesCalls });
        const perDay = (4 * 0.2 * 86_400) / 3;
        const factures = facturesCalls === 0 ? 0 : (facturesCalls * 86_400) / plan.facturesSeconds;
        expect(plan.detailsPerDay + (listCalls * 86_400) / plan.listSeconds + factures).toBeCloseTo(perDay, 3);
        expect(factures).toBeLessThanOrEqual(0.25 * perDay + 1e-6);
        expect(factures).toBeGreaterThanOrEqual(facturesCalls === 0 ? 0 : 0.05 * perDay - 1e-6);
        if (facturesCalls === 0) expect(plan).toEqual(planBudget(terms));
      }),
    );
  });

  it.each([
    [2000, 50],
    [2000, 2000],
  ])(
    'finds changes of %i dossiers, %i a page, three times sooner than fixed details by as many calls',
    (dossiers, pageSize) => {
      const simulation = { dossiers, pageSize, days: 60, callsPerDay: 1500, random: seeded(7) };
      const lives = drawLives(simulation);
      const ours = simulatePoller(simulation, lives);
      const plain = simulateFixed(simulation, lives, ours.calls);
      expect(ours.calls).toBeLessThanOrEqual(60 * 1500 * 1.02);
      expect(ours.changes).toBeGreaterThan(0.95 * plain.changes);
      expect(plain.meanDays / ours.meanDays).toBeGreaterThan(3);
    },
  );
});
