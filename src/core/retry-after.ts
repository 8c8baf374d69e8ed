/** Seconds of a day: a longer wait is a mistake of whoever asks for it, and nobody could tell it from an outage. */
export const longestRetryAfterSeconds = 86_400;

/** Every form of date that RFC 9110 knows begins with a day's name; V8 would read a year out of `-5`. */
const dated = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * Seconds that a `Retry-After` field asks to wait (RFC 9110 section 10.2.3: seconds or a date), at least 1 and at most a day;
 * undefined when absent or unreadable.
 */
export function retryAfterSeconds(field: string | undefined, now: number): number | undefined {
  if (field === undefined) return undefined;
  const seconds = /^\d+$/.test(field) ? Number(field) : dated.test(field) ? secondsUntil(Date.parse(field), now) : NaN;
  return Number.isNaN(seconds) ? undefined : Math.min(longestRetryAfterSeconds, Math.max(1, seconds));
}

function secondsUntil(moment: number, now: number): number {
  return Math.ceil((moment - now) / 1000);
}
