import type { Static } from 'typebox';
import type { DistributionSchema } from './fault-words.js';

/** How long delays last and how they vary, in real milliseconds. */
export type Distribution = Static<typeof DistributionSchema>;

/** The longest delay that a distribution may draw: an hour, as good as forever for any client. */
const longest = 3_600_000;

/** A delay in whole milliseconds from two independent numbers in [0, 1). */
export function delayOf(
  { kind, ms = 0, min = 0, max = 0, sigma = 0.5 }: Distribution,
  one: number,
  two: number,
): number {
  const drawn = {
    constant: () => ms,
    uniform: () => min + one * Math.max(0, max - min),
    exponential: () => -Math.log(1 - one) * ms,
    lognormal: () => ms * Math.exp(sigma * normal(one, two)),
  }[kind]();
  return Math.min(longest, Math.round(drawn));
}

/** Box and Muller: a standard normal number from two uniform ones. */
const normal = (one: number, two: number) => Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * two);
