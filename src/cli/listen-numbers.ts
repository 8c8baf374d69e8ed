import type { EventPage } from '../core/contract/webhook.js';

/**
 * How many numbers a page of the whole feed, read with `after`, leaves out without saying so; none, unless the product is at fault.
 * What retention took (`missed`) is left out too, and said.
 */
export function lackingIn(after: number, { data, upTo, missed }: EventPage): number {
  return upTo - after - data.length - missed;
}
