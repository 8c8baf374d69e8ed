import fc from 'fast-check';
import { readRateFields } from './rate-fields.js';

describe('the RateLimit fields of an OPCO', () => {
  it('are read as structured fields', () => {
    const headers = { ratelimit: '"second";r=3;t=1', 'ratelimit-policy': '"second";q=10;w=1' };
    expect(readRateFields(headers)).toEqual({ policy: { calls: 10, windowMs: 1000 }, remaining: 3, resetMs: 1000 });
  });

  it('are read as the older drafts spell them', () => {
    const headers = { ratelimit: 'limit=100, remaining=0, reset=30', 'ratelimit-policy': '100;w=60' };
    expect(readRateFields(headers)).toEqual({
      policy: { calls: 100, windowMs: 60_000 },
      remaining: 0,
      resetMs: 30_000,
    });
    expect(readRateFields({ 'ratelimit-remaining': '4', 'ratelimit-reset': '9' })).toEqual({
      remaining: 4,
      resetMs: 9000,
    });
  });

  it('are nothing where there are none', () => {
    expect(readRateFields({})).toBeUndefined();
  });

  it('are numbers or nothing, whatever the OPCO writes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (ratelimit, policy) => {
        const read = readRateFields({ ratelimit, 'ratelimit-policy': policy });
        for (const value of [read?.remaining, read?.resetMs, read?.policy?.calls]) {
          if (value !== undefined) expect(Number.isFinite(value)).toBe(true);
        }
      }),
    );
  });
});
