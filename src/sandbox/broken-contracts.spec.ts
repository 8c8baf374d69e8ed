import fc from 'fast-check';
import { addDays, addMonths } from '../core/contract/calendar.js';
import { contratOf, type Contrat } from './contrat.js';
import { fund, type Circumstances } from './funding.js';

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
const since = { conclusion: '2026-08-20', debut: '2026-09-01', fin: '2028-08-31' };
const before = { ...since, conclusion: '2025-06-30' };
const aContrat = (changes: Partial<Contrat> = {}): Contrat => ({ ...contratOf({}), ...since, ...changes });
const amounts = (contrat: Contrat, annualCents: number, circumstances: Circumstances) =>
  fund(contrat, annualCents, circumstances).instalments.map(({ numero, codification, cents, dateOuverture }) => [
    numero,
    codification,
    cents,
    dateOuverture,
  ]);

describe('a contract that is broken', () => {
  it('is due by the days that ran: less than an advance that had opened, none of what had not', () => {
    // 73 days of 365 are a fifth, where the first advance was two fifths.
    expect(amounts(aContrat(), 730_000, { brokenOn: '2026-11-12' })).toEqual([[1, '1', 146_000, '2026-09-01']]);
  });

  it('has a balance, open the day after, where more ran than had opened', () => {
    // 365 and 292 days: the second year stands at four fifths, of which 40 and 30 % had opened.
    expect(amounts(aContrat(), 730_000, { brokenOn: '2028-06-18' }).slice(3)).toEqual([
      [4, '4', 73_000, '2027-09-01'],
      [5, '5', 292_000, '2027-09-01'],
      [6, '6', 219_000, '2028-03-01'],
      [7, '7', 73_000, '2028-06-01'],
    ]);
    expect(amounts(aContrat(), 730_000, { brokenOn: '2027-02-28' })).toEqual([
      [1, '1', 292_000, '2026-09-01'],
      [2, '99', 70_000, '2027-03-01'],
    ]);
  });

  it('counts the months begun where it was concluded before the decree', () => {
    expect(amounts(aContrat(before), 1_200_000, { brokenOn: '2027-01-02' })).toEqual([
      [1, '1', 480_000, '2026-09-01'],
      [2, '2', 20_000, '2027-01-03'],
    ]);
  });

  it('is due whole on its last day, and in no case more than it was, nor of a later year', () => {
    const days = fc.integer({ min: 0, max: 729 });
    fc.assert(
      fc.property(days, fc.integer({ min: 1, max: 1_500_000 }), fc.constantFrom(since, before), (day, annual, term) => {
        const contrat = aContrat(term);
        const whole = fund(contrat, annual, { rqthCents: [100_000, 50_000] });
        const brokenOn = addDays(term.debut, day);
        const { instalments, engagementCents } = fund(contrat, annual, { rqthCents: [100_000, 50_000], brokenOn });
        expect(engagementCents).toBeLessThanOrEqual(whole.engagementCents);
        expect(instalments.map(({ numero }) => numero)).toEqual(instalments.map((_, rank) => rank + 1));
        for (const { dateFin, dateDebut, cents, rqthCents } of instalments) {
          expect(dateFin <= brokenOn && dateDebut <= brokenOn).toBe(true);
          expect([cents, rqthCents].every((each) => Number.isInteger(each) && each >= 0)).toBe(true);
        }
        const uplift = sum(instalments.map((each) => each.rqthCents));
        expect(uplift).toBeLessThanOrEqual(brokenOn < addMonths(term.debut, 12) ? 100_000 : 150_000);
      }),
    );
    for (const term of [since, before])
      expect(fund(aContrat(term), 730_000, { brokenOn: term.fin }).engagementCents).toBe(
        fund(aContrat(term), 730_000).engagementCents,
      );
    expect(fund(aContrat(), 730_000, { brokenOn: '2026-08-31' })).toEqual({ instalments: [], engagementCents: 0 });
  });

  it('of less than twelve months is due by the days that ran', () => {
    expect(amounts(aContrat({ fin: '2027-04-30' }), 730_000, { brokenOn: '2026-10-10' })).toEqual([
      [1, '1', 80_000, '2026-09-01'],
    ]);
  });
});

describe('the share of the employer, when a contract of level 6 is broken', () => {
  const borne = (brokenOn: string, annualCents: number, changes: Partial<Contrat> = {}) => {
    const engagement = (level6: boolean) =>
      fund(aContrat({ ...changes, level6 }), annualCents, { brokenOn }).engagementCents;
    return engagement(false) - engagement(true);
  };

  it('is half of what ran in the trial period of 45 days, up to 750 EUR', () => {
    // Ten days of 365 at 7 300 EUR are 200 EUR; the forty-five days at 14 600 EUR are 1 800 EUR.
    expect(borne('2026-09-10', 730_000)).toBe(10_000);
    expect(borne('2026-10-15', 1_460_000)).toBe(75_000);
    expect(borne('2026-10-15', 730_000)).toBe(45_000);
  });

  it('is 750 EUR from the forty-sixth day on', () => {
    expect(borne('2026-10-16', 730_000)).toBe(75_000);
  });

  it('is 200 EUR at most for a contract that was taken over, and nothing before the decree', () => {
    expect(borne('2026-10-15', 730_000, { takenOver: true })).toBe(20_000);
    expect(borne('2026-09-10', 730_000, before)).toBe(0);
  });
});

describe('a CFA that is active for less than six months', () => {
  it('is first paid with month 3, and then like any other', () => {
    const usual = fund(aContrat(), 730_000).instalments;
    const [first, ...later] = fund(aContrat(), 730_000, { newCfa: true }).instalments;
    expect(first).toEqual({ ...usual[0], dateOuverture: '2026-11-01' });
    expect(later).toEqual(usual.slice(1));
  });
});
