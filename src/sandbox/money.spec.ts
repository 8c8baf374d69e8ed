import fc from 'fast-check';
import { addDays, addMonths } from '../core/contract/calendar.js';
import { contratOf, type Contrat } from './contrat.js';
import { fraisAnnexes, plafondsOf, readCouts } from './couts.js';
import { Refused } from './demand.js';
import { annualAmount, fund } from './funding.js';
import { schedule } from './schedule.js';

const day = fc.integer({ min: 0, max: 2500 }).map((count) => addDays('2021-01-01', count));
const terms = fc
  .record({ debut: day, months: fc.integer({ min: 6, max: 54 }), extra: fc.integer({ min: -15, max: 15 }) })
  .map(({ debut, months, extra }) => ({
    conclusion: addDays(debut, -12),
    debut,
    fin: addDays(addMonths(debut, months), extra - 1),
  }));
const cents = fc.integer({ min: 1, max: 1_500_000 });
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
const amounts = (each: readonly { cents: number; dateOuverture: string }[]) =>
  each.map(({ cents: amount, dateOuverture }) => [amount, dateOuverture]);
const old = (debut: string, fin: string) => ({ conclusion: '2025-06-30', debut, fin });
const since = (debut: string, fin: string) => ({ conclusion: '2025-07-01', debut, fin });

describe('a schedule, whatever the contract', () => {
  it('adds up to the cent, never goes below zero, opens in order, and is numbered from 1', () => {
    fc.assert(
      fc.property(terms, cents, fc.array(cents, { maxLength: 4 }), (term, annual, rqth) => {
        const instalments = schedule(term, annual, rqth);
        const years = new Set(instalments.map(({ dateDebut }) => dateDebut));
        const uplift = sum(rqth.slice(0, years.size));
        expect(sum(instalments.map((each) => each.rqthCents))).toBe(uplift);
        for (const each of instalments) {
          expect(Number.isInteger(each.cents) && each.cents >= 0).toBe(true);
          expect(Number.isInteger(each.rqthCents) && each.rqthCents >= 0).toBe(true);
        }
        const opens = instalments.map(({ dateOuverture }) => dateOuverture);
        expect(opens).toEqual([...opens].sort());
        expect(opens[0]).toBe(term.debut);
        expect(instalments.map(({ numero }) => numero)).toEqual(instalments.map((_, rank) => rank + 1));
        expect(instalments[0]?.dateDebut).toBe(term.debut);
        expect(instalments.at(-1)?.dateFin).toBe(term.fin);
      }),
    );
  });

  it('is the annual amount for each whole year, and never more for a part of one', () => {
    fc.assert(
      fc.property(terms, cents, (term, annual) => {
        const byYear = new Map<string, number>();
        for (const { dateDebut, cents: amount } of schedule(term, annual))
          byYear.set(dateDebut, (byYear.get(dateDebut) ?? 0) + amount);
        const years = [...byYear.values()];
        if (years.length > 1) expect(years.slice(0, -1)).toEqual(years.slice(1).map(() => annual));
        expect(years.at(-1)).toBeLessThanOrEqual(annual);
      }),
    );
  });

  it('stands in an engagement that is the sum of what is left after the share of the employer', () => {
    fc.assert(
      fc.property(terms, cents, fc.boolean(), fc.boolean(), (term, annual, level6, takenOver) => {
        const contrat: Contrat = { ...contratOf({}), ...term, level6, takenOver };
        const { instalments, engagementCents } = fund(contrat, annual, { rqthCents: [100] });
        const full = sum(schedule(term, annual, [100]).map((each) => each.cents + each.rqthCents));
        expect(sum(instalments.map((each) => each.cents + each.rqthCents))).toBe(engagementCents);
        const borne = full - engagementCents;
        expect(borne).toBeGreaterThanOrEqual(0);
        expect(borne).toBeLessThanOrEqual(
          level6 && term.conclusion >= '2025-07-01' ? (takenOver ? 20_000 : 75_000) : 0,
        );
        for (const each of instalments) expect(each.cents).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('a schedule of norm.md 3.14', () => {
  it('is 40, 30 and 30 % of each year for a contract concluded up to 2025-06-30', () => {
    expect(amounts(schedule(old('2025-07-01', '2026-06-30'), 800_001))).toEqual([
      [320_000, '2025-07-01'],
      [240_000, '2026-01-01'],
      [240_001, '2026-04-01'],
    ]);
    const [codes, years] = [
      schedule(old('2024-09-01', '2026-08-31'), 800_000).map(({ codification }) => codification),
      schedule(old('2024-09-01', '2026-08-31'), 800_000).map((each) => each.cents),
    ];
    expect(codes).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(years).toEqual([320_000, 240_000, 240_000, 320_000, 240_000, 240_000]);
  });

  it('counts the months begun of the last year before the decree', () => {
    // Eighteen months and two days: seven months of the second year have begun.
    const second = schedule(old('2024-09-01', '2026-03-02'), 1_200_000).slice(3);
    expect(amounts(second)).toEqual([
      [280_000, '2025-09-01'],
      [210_000, '2026-03-01'],
      [210_000, '2026-03-03'],
    ]);
  });

  it('is 40, 30, 20 and 10 % since, the balance under code 99 when the contract is over', () => {
    const one = schedule(since('2026-09-01', '2027-08-31'), 800_000);
    expect(amounts(one)).toEqual([
      [320_000, '2026-09-01'],
      [240_000, '2027-03-01'],
      [160_000, '2027-06-01'],
      [80_000, '2027-09-01'],
    ]);
    expect(one.map(({ codification }) => codification)).toEqual(['1', '2', '3', '99']);
  });

  it('opens the balance of a year with the first advance of the next', () => {
    const two = schedule(since('2026-09-01', '2028-08-31'), 800_000);
    expect(two[3]?.dateOuverture).toBe(two[4]?.dateOuverture);
    expect(two.map(({ codification }) => codification)).toEqual(['1', '2', '3', '4', '5', '6', '7', '99']);
  });

  it('pays twelve months and three days as 368 days: 3/365 more, leap year or not', () => {
    for (const [debut, fin] of [
      ['2026-09-01', '2027-09-03'],
      ['2025-09-01', '2026-09-03'],
      ['2027-09-01', '2028-09-03'],
    ] as const)
      expect(sum(schedule(since(debut, fin), 730_000).map((each) => each.cents))).toBe(730_000 + 6000);
  });

  it('turns on the day of conclusion alone, not on the day of start', () => {
    const same = ['2025-09-01', '2026-08-31'] as const;
    expect(amounts(schedule(old(...same), 800_000))).toEqual([
      [320_000, '2025-09-01'],
      [240_000, '2026-03-01'],
      [240_000, '2026-06-01'],
    ]);
    expect(amounts(schedule(since(...same), 800_000))).toEqual([
      [320_000, '2025-09-01'],
      [240_000, '2026-03-01'],
      [160_000, '2026-06-01'],
      [80_000, '2026-09-01'],
    ]);
  });

  it('pays a last year of four months and a half by its 137 days since the decree, by its 5 months before', () => {
    // 137 / 365 of 7 300 EUR are 2 740 EUR; 40 % at its start, the rest when it is over.
    expect(amounts(schedule(since('2026-09-01', '2028-01-15'), 730_000).slice(4))).toEqual([
      [109_600, '2027-09-01'],
      [164_400, '2028-01-16'],
    ]);
    // 5 / 12 of 7 300 EUR are 3 041.67 EUR.
    expect(amounts(schedule(old('2026-09-01', '2028-01-15'), 730_000).slice(3))).toEqual([
      [121_666, '2027-09-01'],
      [182_501, '2028-01-16'],
    ]);
  });

  it('takes the share of the employer off the first advance alone: 750 EUR, 200 EUR for a contract taken over', () => {
    const term = since('2026-09-01', '2027-08-31');
    const firsts = (takenOver: boolean, conclusion: string) =>
      fund({ ...contratOf({}), ...term, conclusion, level6: true, takenOver }, 800_000).instalments.map(
        (each) => each.cents,
      );
    expect(firsts(false, '2025-07-01')).toEqual([245_000, 240_000, 160_000, 80_000]);
    expect(firsts(true, '2025-07-01')).toEqual([300_000, 240_000, 160_000, 80_000]);
    expect(firsts(false, '2025-06-30')).toEqual([320_000, 240_000, 240_000]);
  });

  it('is one instalment below twelve months', () => {
    expect(schedule(since('2026-09-01', '2027-02-28'), 730_000)).toMatchObject([
      { numero: 1, codification: '1', dateOuverture: '2026-09-01', cents: 181 * 2000 },
    ]);
    expect(schedule(old('2024-09-01', '2025-08-30'), 1_200_000)).toMatchObject([{ cents: 1_200_000 }]);
    expect(schedule(since('2026-09-01', '2027-08-31'), 1)).toHaveLength(4);
  });
});

describe('the annual amount', () => {
  const contrat = (remote: boolean, conclusion = '2026-01-01') => ({ ...contratOf({}), remote, conclusion });

  it('loses a fifth for remote training, down to 4 000 EUR and never up to it', () => {
    expect([800_000, 450_000, 350_000].map((npec) => annualAmount(npec, contrat(true)))).toEqual([
      640_000, 400_000, 350_000,
    ]);
    expect(annualAmount(800_000, contrat(false))).toBe(800_000);
    expect(annualAmount(800_000, contrat(true, '2025-06-30'))).toBe(800_000);
  });

  it('reads from the CERFA whether training is remote, of level 6, or taken over', () => {
    const read = (formation: object, typeContratApp = 11) => contratOf({ formation, contrat: { typeContratApp } });
    expect(read({ dureeFormation: 1000, nombreHeuresEnDistanciel: 800 }).remote).toBe(true);
    expect(read({ dureeFormation: 1000, nombreHeuresEnDistanciel: 799 }).remote).toBe(false);
    expect(read({}).remote).toBe(false);
    expect([62, 75, 80, 54, 41].map((typeDiplome) => read({ typeDiplome }).level6)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect([read({}, 23).takenOver, read({}, 22).takenOver]).toEqual([true, false]);
  });
});

describe('the costs of a convention', () => {
  const couts = {
    nombreRepasTotaux: 120,
    nombreHebergementTotaux: 10,
    montantPremierEquipement: 620,
    montantRQTHAnnee1: 1000.5,
    montantRQTHAnnee2: null,
    mentionMobilitéInternationale: true,
  };

  it('are meals at 3 EUR, nights at 6, first equipment up to 500, mobility as the OPCO pays it', () => {
    const read = readCouts({ couts });
    expect(read.rqthCents).toEqual([100_050, 0, 0, 0]);
    expect(plafondsOf(read, 80_000)).toEqual({
      PREMIEREQUIPEMENT: 50_000,
      MOBILITE: 80_000,
      HEBERGEMENT: 6000,
      RESTAURATION: 36_000,
    });
    expect(fraisAnnexes(read)).toEqual([
      { natureFrais: 'Restauration', quantite: 120, prixUnitaire: 3, montantTotal: 360 },
      { natureFrais: 'Hebergement', quantite: 10, prixUnitaire: 6, montantTotal: 60 },
    ]);
  });

  it('are nothing where there is no convention, but for the first equipment', () => {
    expect(plafondsOf(undefined, 80_000)).toMatchObject({ PREMIEREQUIPEMENT: 50_000, MOBILITE: 0, RESTAURATION: 0 });
    expect(fraisAnnexes(undefined)).toEqual([]);
    expect(readCouts({})).toMatchObject({ repas: 0, premierEquipementCents: 0, mobilite: false });
  });

  it.each([
    ['nombreRepasTotaux', 1.5],
    ['nombreRepasTotaux', '12'],
    ['montantRQTHAnnee4', -1],
    ['montantPremierEquipement', '500'],
  ])('are refused when %s is %j', (name, value) => {
    expect(() => readCouts({ couts: { [name]: value } })).toThrow(Refused);
  });
});
