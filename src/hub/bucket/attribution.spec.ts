import { Attribution } from './attribution.js';

const refusals = (of: readonly string[], accepted: readonly string[]) => {
  const seen = new Attribution();
  for (const tenant of accepted) seen.note(tenant, 'accepted', 1000);
  for (const tenant of of) seen.note(tenant, 'throttled', 1000);
  return seen;
};
const five = ['b', 'b', 'c', 'c', 'd'];

describe('whose refusals they are', () => {
  it("is one tenant's where it alone is refused again and again while others are served", () => {
    expect(refusals(['a', 'a', 'a'], five).ownStorm('a', 1000)).toBe(true);
  });

  it('is nobody in particular where others are refused as well', () => {
    expect(refusals(['a', 'a', 'a', 'b'], five).ownStorm('a', 1000)).toBe(false);
  });

  it('is nobody in particular where others hardly call', () => {
    expect(refusals(['a', 'a', 'a'], ['b']).ownStorm('a', 1000)).toBe(false);
  });

  it('is not told by a single refusal, nor by old ones', () => {
    expect(refusals(['a'], five).ownStorm('a', 1000)).toBe(false);
    expect(refusals(['a', 'a', 'a'], five).ownStorm('a', 60_000)).toBe(false);
  });
});
