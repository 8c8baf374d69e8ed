const paris = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Paris', dateStyle: 'short' });

/** The civil date `YYYY-MM-DD` in Paris at an instant, in milliseconds since the epoch. */
export function todayInParis(now: number): string {
  return paris.format(now);
}
