/** Seconds that a `Retry-After` field asks to wait (RFC 9110 section 10.2.3: seconds or a date), at least 1; undefined when absent or unreadable. */
export function retryAfterSeconds(field: string | undefined, now: number): number | undefined {
  if (field === undefined) return undefined;
  if (/^\d{1,9}$/.test(field)) return Math.max(1, Number(field));
  const date = Date.parse(field);
  return Number.isNaN(date) ? undefined : Math.max(1, Math.ceil((date - now) / 1000));
}
