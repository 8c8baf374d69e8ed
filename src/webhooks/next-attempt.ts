/** What is known of an attempt when the next one is decided. */
export interface EndedAttempt {
  /** Null when no complete answer came in time. */
  readonly status: number | null;
  /** What a readable `Retry-After` asked for. */
  readonly retryAfterSeconds?: number | undefined;
  /** Attempts that have ended since the event was owed or replayed, this one among them. */
  readonly made: number;
}

/** What follows an attempt. */
export type AfterAttempt =
  { readonly status: 'delivered' | 'failed' } | { readonly status: 'pending'; readonly retryInMs: number };

/** Whether the receiver took the event: any 2xx, and nothing else. */
export function isTaken(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** A wait of +-10 %, so that what failed together does not come back together; `random` is in [0, 1). */
export function jittered(ms: number, random: number): number {
  return ms * (0.9 + 0.2 * random);
}

/**
 * The schedule decides, counted from the end of the attempt; 410 ends it at once. A receiver that is overloaded (429, 503) may ask
 * for a longer wait than the schedule's, never for a shorter one.
 */
export function nextAttempt(
  { status, retryAfterSeconds = 0, made }: EndedAttempt,
  scheduleMs: readonly number[],
  random: number,
): AfterAttempt {
  if (isTaken(status)) return { status: 'delivered' };
  const waitMs = scheduleMs[made];
  if (status === 410 || waitMs === undefined) return { status: 'failed' };
  const askedMs = status === 429 || status === 503 ? retryAfterSeconds * 1000 : 0;
  return { status: 'pending', retryInMs: Math.max(jittered(waitMs, random), askedMs) };
}
