import { addDays } from '../core/contract/calendar.js';
import { centsOf, demandAll, demandZoned, Refused, textAt } from './demand.js';
import { identifier } from './dialect.js';
import { dialects } from './dialects.js';
import { isIban } from './iban.js';
import { dayOf, instants } from './paris-days.js';
import { departmentOf } from './world.js';

/** The text of what a check throws. */
function refusal(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.text;
    throw error;
  }
}

describe('a midnight in Paris', () => {
  it('is that same day, on every day of two years', () => {
    for (let day = '2026-01-01'; day < '2028-01-01'; day = addDays(day, 1)) {
      expect(dayOf(instants.paris(day))).toBe(day);
      expect(instants.paris(day)).toContain('T00:00:00+0');
      // Midnight in Paris is what it says: an hour before it is the day before.
      expect(dayOf(new Date(Date.parse(instants.paris(day)) - 1).toISOString())).toBe(addDays(day, -1));
    }
  });

  it('is the day that the calendar of the platform says, at every hour around each change and far from the rule', () => {
    const platform = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Paris', dateStyle: 'short' });
    const hours = (from: string, count: number) =>
      Array.from({ length: count }, (_, hour) => new Date(Date.parse(from) + hour * 3_600_000 - 1));
    const instants = [
      ...[1996, 2024, 2025, 2026, 2027, 2031].flatMap((year) =>
        ['01-01', '03-23', '10-22', '12-30'].flatMap((day) => hours(`${year}-${day}T00:00:00Z`, 250)),
      ),
      ...hours('1982-04-17T00:00:00Z', 48),
      ...hours('1995-09-20T00:00:00Z', 300),
    ];
    for (const instant of instants) expect(dayOf(instant.toISOString())).toBe(platform.format(instant));
    expect(dayOf('2026-03-31T23:30:00-05:00')).toBe('2026-04-01');
  });

  it('is no day where there is no date', () => {
    expect([dayOf('hier'), dayOf(undefined), dayOf(12)]).toEqual([undefined, undefined, undefined]);
  });
});

describe('the department of a numeroDeca', () => {
  it('has three characters, Corsica and overseas included', () => {
    expect(['75001', '20000', '20190', '20200', '20600', '97110', '98800', '01000'].map(departmentOf)).toEqual([
      '075',
      '02A',
      '02A',
      '02B',
      '02B',
      '971',
      '988',
      '001',
    ]);
  });
});

describe('an IBAN', () => {
  it.each(['FR1420041010050500013M02606', 'DE89 3704 0044 0532 0130 00', 'GB82WEST12345698765432'])(
    '%s holds',
    (text) => {
      expect(isIban(text)).toBe(true);
    },
  );

  it.each(['FR1420041010050500013M02607', 'FR14', '', 'FR1420041010050500013M0260é'])('"%s" does not', (text) => {
    expect(isIban(text)).toBe(false);
  });
});

describe('the checks of a body', () => {
  it('name the first field that is missing', () => {
    expect(refusal(() => demandAll({ a: { b: 0 }, c: false }, ['a.b', 'c']))).toBeUndefined();
    for (const b of [undefined, null, ''])
      expect(refusal(() => demandAll({ a: { b } }, ['a', 'a.b']))).toBe('Le champ a.b est obligatoire.');
    expect(refusal(() => demandAll({ a: 'text' }, ['a.b']))).toContain('a.b');
  });

  it('want time and zone in a date that is there', () => {
    const judged = (d: unknown) => refusal(() => demandZoned({ d }, ['d']));
    for (const good of ['2026-09-01T00:00:00+00:00', '2026-09-01T00:00:00Z', null, undefined])
      expect(judged(good)).toBeUndefined();
    for (const bad of [
      '2026-09-01',
      '2026-09-01T00:00:00',
      '2026-13-01T00:00:00Z',
      '2026-02-31T00:00:00Z',
      '2026-09-01T99:00:00Z',
      ['2026-09-01T00:00:00Z'],
      '01/09/2026',
      5,
    ])
      expect(judged(bad)).toBe('d : date avec heure et fuseau attendue.');
  });

  it('read euros as whole cents, two decimals at most', () => {
    expect([0.1, 19.99, 1234567.89, 5].map(centsOf)).toEqual([10, 1999, 123456789, 500]);
    expect([0.001, 19.999, NaN, Infinity, '5', null].map(centsOf)).toEqual(Array(6).fill(undefined));
  });

  it('read identifiers as text, whichever way they come', () => {
    expect([textAt({ a: 5 }, 'a'), textAt({ a: ' 5 ' }, 'a'), textAt({ a: {} }, 'a')]).toEqual(['5', '5', '']);
    expect([identifier(dialects.akto, '12'), identifier(dialects.atlas, '12')]).toEqual([12, '12']);
  });
});
