import { fail } from '../core/errors.js';
import type { Sql } from '../platform/database/database.js';
import type { Poll } from './poll.js';

/** Throws when the poll shall end, or another process has taken it over; asked before each call. */
export async function assertOurs(poll: Poll): Promise<void> {
  poll.signal.throwIfAborted();
  if (!(await poll.stillOurs())) throw takenOver();
}

/** The same in the transaction of what is written, whose last statement it is: nobody takes over before the commit. */
export async function assertClaimed(poll: Poll, sql: Sql): Promise<void> {
  if (!(await poll.holdsClaim(sql))) throw takenOver();
}

function takenOver() {
  return fail('CONFLICT', { detail: 'Un autre processus a repris cette lecture.' });
}
