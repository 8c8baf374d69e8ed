import { freshBytes } from './fresh-bytes.js';

describe('freshBytes', () => {
  it('never gives the same bytes twice, across many refills of its pool', () => {
    const seen = new Set(Array.from({ length: 20_000 }, () => freshBytes(12).toString('hex')));
    expect(seen.size).toBe(20_000);
  });

  it('gives bytes of its own: changing them changes no later ones', () => {
    const first = freshBytes(32);
    const copy = Buffer.from(first);
    freshBytes(32).fill(7);
    expect(first.equals(copy)).toBe(true);
    expect(first).toHaveLength(32);
    expect(first.every((byte) => byte === 0)).toBe(false);
  });

  it('refuses more than its pool holds', () => {
    expect(() => freshBytes(8193)).toThrow(RangeError);
  });
});
