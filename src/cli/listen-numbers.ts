import type { EventPage } from '../core/contract/webhook.js';

/** Numbers that ought to have come, the first and the last of them. */
export type Gap = readonly [first: number, last: number];

/**
 * The numbers that a page of the whole feed, read with `after`, leaves out without saying so; none, unless the product is at fault.
 * What retention took (`missed`) is no gap: the page says it.
 */
export function gapsIn(after: number, { data, nextCursor, upTo, missed }: EventPage): Gap[] {
  const gaps: Gap[] = [];
  let expected = after + missed + 1;
  const reach = (number: number) => {
    if (number > expected) gaps.push([expected, number - 1]);
    expected = number + 1;
  };
  for (const { sequence } of data) reach(sequence);
  if (nextCursor === null && upTo >= expected) reach(upTo + 1);
  return gaps;
}
