import { fail, type OpcoviaError } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';

/** Far less than the quiet period of any OPCO; a deposit whose intent takes longer than that is not sent this time. */
const longestIntentMs = 5000;

/** What a call fails with whose time is up before its first byte. */
export function tooLate(): OpcoviaError {
  return fail('OVERLOADED', { retryAfterSeconds: 1, sent: 'not-sent' });
}

/**
 * Writes the intent, and lets nothing follow it when that took long: a process that slept in between may have been given up, and
 * its deposit be on its way again. Both clocks are asked, since one of them may have slept as well. Throws what the writing
 * throws, or `tooLate`.
 */
export async function intend({ clock, call }: Pick<Exchange, 'clock' | 'call'>): Promise<void> {
  const [elapsed, now] = [clock.elapsed(), clock.now()];
  await call.beforeSend?.();
  if (clock.elapsed() - elapsed > longestIntentMs || clock.now() - now > longestIntentMs) throw tooLate();
}
