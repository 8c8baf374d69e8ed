import { noted, nobody, ownStorm, type Attribution } from './attribution.js';

const refusals = (of: readonly string[], accepted: readonly string[]) => {
  let seen: Attribution = nobody;
  for (const tenant of accepted) seen = noted(seen, { tenant, accepted: 1 }, 1000);
  for (const tenant of of) seen = noted(seen, { tenant, throttled: 1 }, 1000);
  return seen;
};
const five = ['b', 'b', 'c', 'c', 'd'];

describe('whose refusals they are', () => {
  it("is one tenant's where it alone is refused again and again while others are served", () => {
    expect(ownStorm(refusals(['a', 'a', 'a'], five), 'a', 1000)).toBe(true);
  });

  it('is nobody in particular where others are refused as well', () => {
    expect(ownStorm(refusals(['a', 'a', 'a', 'b'], five), 'a', 1000)).toBe(false);
  });

  it('is nobody in particular where others hardly call', () => {
    expect(ownStorm(refusals(['a', 'a', 'a'], ['b']), 'a', 1000)).toBe(false);
  });

  it('is not told by a single refusal, nor by old ones', () => {
    expect(ownStorm(refusals(['a'], five), 'a', 1000)).toBe(false);
    expect(ownStorm(refusals(['a', 'a', 'a'], five), 'a', 60_000)).toBe(false);
  });
});
