const paris = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Paris', dateStyle: 'short' });

/** Days by the text of their instant: those of contracts come again and again, and `Intl` is slow. */
const known = new Map<string, string>();

/** Texts that are remembered; then all are forgotten at once. */
const mostKnown = 10_000;

/** Characters of a text worth remembering: a fraction of a second has no end. */
const longestKnown = 40;

/** The civil day, in Paris, of an instant with time and zone; undefined for what is none. */
export function dayOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const kept = known.get(value);
  if (kept !== undefined) return kept;
  const instant = Date.parse(value);
  if (Number.isNaN(instant)) return undefined;
  const day = paris.format(instant);
  if (value.length > longestKnown) return day;
  if (known.size >= mostKnown) known.clear();
  known.set(value, day);
  return day;
}

const lastSunday = (year: number, month: number) => {
  const last = new Date(Date.UTC(year, month, 0));
  return last.getUTCDate() - last.getUTCDay();
};

/** Whether Paris keeps summer time at the midnight that begins this day, by the rule in force since 1996. */
function isSummer(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  if (month === 3) return day > lastSunday(year, 3);
  return month === 10 ? day <= lastSunday(year, 10) : month > 3 && month < 10;
}

/** The three ways in which OPCOs write a midnight. */
export const instants = {
  utc: (date: string) => `${date}T00:00:00+00:00`,
  zulu: (date: string) => `${date}T00:00:00Z`,
  /** Paris's own midnight, with the offset of that day. */
  paris: (date: string) => `${date}T00:00:00+0${isSummer(date) ? 2 : 1}:00`,
} as const;

/** The instant at which a day begins in Paris, in milliseconds since the epoch. */
export const midnight = (date: string): number => Date.parse(instants.paris(date));
