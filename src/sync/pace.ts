/** How much the latest batch says of the rate, against all before it. */
const latestWeighs = 0.3;
const longestBackOffMs = 300_000;

/** Dossiers per second, smoothed over the batches; `before` is null for the first one. */
export function smoothedRate(before: number | null, { done, seconds }: { done: number; seconds: number }): number {
  const latest = done / Math.max(seconds, 0.001);
  return before === null ? latest : before + latestWeighs * (latest - before);
}

/** Seconds until the rest is read at this rate; null when nothing true can be said. */
export function secondsLeft(rest: number, rate: number | null): number | null {
  if (rest <= 0) return 0;
  return rate === null || rate <= 0 ? null : rest / rate;
}

/**
 * Milliseconds before the next try after so many that failed in a row: doubles, five minutes at most, and never all at once.
 * `random` is in [0, 1).
 */
export function backOffMs(failures: number, firstMs: number, random: number): number {
  const full = Math.min(Math.max(longestBackOffMs, firstMs), firstMs * 2 ** Math.min(failures, 30));
  return full * (0.5 + random / 2);
}
