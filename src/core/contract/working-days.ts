import { addDays } from './calendar.js';

/** Public holidays of one date each year (C. trav. L3133-1), as MM-DD. */
const fixedHolidays: ReadonlySet<string> = new Set([
  '01-01',
  '05-01',
  '05-08',
  '07-14',
  '08-15',
  '11-01',
  '11-11',
  '12-25',
]);
/** The others, in days after Easter Sunday: Easter Monday, Ascension, Whit Monday. */
const movableHolidays = [1, 39, 50];

/** Whether a civil date is a working day as the law counts deadlines (jour ouvrable): Saturdays are, Sundays and holidays are not. */
export function isWorkingDay(date: string): boolean {
  if (new Date(`${date}T00:00:00Z`).getUTCDay() === 0 || fixedHolidays.has(date.slice(5))) return false;
  const easter = easterOf(Number(date.slice(0, 4)));
  return movableHolidays.every((days) => addDays(easter, days) !== date);
}

/** The civil date of the n-th working day after a date. */
export function addWorkingDays(date: string, count: number): string {
  let day = date;
  for (let left = count; left > 0;) {
    day = addDays(day, 1);
    if (isWorkingDay(day)) left--;
  }
  return day;
}

/** Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher). */
function easterOf(year: number): string {
  const [a, b, c] = [year % 19, Math.floor(year / 100), year % 100];
  const d = Math.floor(b / 4);
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return `${year}-${String(Math.floor(sum / 31)).padStart(2, '0')}-${String((sum % 31) + 1).padStart(2, '0')}`;
}
