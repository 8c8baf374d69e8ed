import fc from 'fast-check';
import { addDays } from './calendar.js';
import { addWorkingDays, isWorkingDay } from './working-days.js';

describe('working days', () => {
  it('pass over Sundays and holidays, and count Saturdays', () => {
    expect(addWorkingDays('2026-09-01', 5)).toBe('2026-09-07');
    expect(addWorkingDays('2026-10-29', 5)).toBe('2026-11-04');
    expect(isWorkingDay('2026-11-28')).toBe(true);
    expect(isWorkingDay('2026-11-29')).toBe(false);
  });

  it.each([
    ['2026-04-06', 'Easter Monday'],
    ['2026-05-14', 'Ascension'],
    ['2026-05-25', 'Whit Monday'],
    ['2025-04-21', 'Easter Monday of another year'],
    ['2038-04-26', 'the latest Easter Monday of the century'],
  ])('know %s, %s', (date) => {
    expect(isWorkingDay(date)).toBe(false);
  });

  it('end on a working day, with exactly so many after the first date', () => {
    const dates = fc.integer({ min: 0, max: 20_000 }).map((days) => addDays('2000-01-01', days));
    fc.assert(
      fc.property(dates, fc.integer({ min: 1, max: 12 }), (date, count) => {
        const end = addWorkingDays(date, count);
        let counted = 0;
        for (let day = addDays(date, 1); day <= end; day = addDays(day, 1)) if (isWorkingDay(day)) counted++;
        expect([counted, isWorkingDay(end)]).toEqual([count, true]);
      }),
    );
  });
});
