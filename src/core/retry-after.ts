/** Seconds of a day: a longer wait is a mistake of whoever asks for it, and nobody could tell it from an outage. */
export const longestRetryAfterSeconds = 86_400;

/**
 * Seconds that a `Retry-After` field asks to wait (RFC 9110 section 10.2.3: seconds or a date), at least 1 and at most a day;
 * undefined when absent or unreadable.
 */
export function retryAfterSeconds(field: string | undefined, now: number): number | undefined {
  if (field === undefined) return undefined;
  const seconds = /^\d+$/.test(field) ? Number(field) : Math.ceil((Date.parse(field) - now) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(longestRetryAfterSeconds, Math.max(1, seconds));
}
