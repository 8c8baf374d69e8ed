import fc from 'fast-check';
import { readRateLimitList } from '../../../test/support/rate-limit-list.js';
import { policyField, rateLimitField } from './rate-limit-fields.js';

const quota = { tenant: 20, key: 6 };

describe('the fields about the inbound limits', () => {
  it('name both policies, with quota and window', () => {
    expect(policyField(quota)).toBe('"tenant";q=20;w=60, "key";q=6;w=60');
  });

  it('tell what is left, and when there is more', () => {
    expect(rateLimitField(quota, { remaining: { tenant: 19, key: 6 } })).toBe('"tenant";r=19;t=3, "key";r=6;t=0');
  });

  it('are lists of strings with integers, and no t is later than Retry-After', () => {
    const figures = fc.record({
      tenant: fc.nat(20),
      key: fc.nat(6),
      after: fc.option(fc.integer({ min: 1, max: 60 })),
    });
    fc.assert(
      fc.property(figures, ({ tenant, key, after }) => {
        const list = readRateLimitList(rateLimitField(quota, { remaining: { tenant, key } }, after ?? undefined));
        expect(list.map(({ name }) => name)).toEqual(['tenant', 'key']);
        expect(list.map(({ parameters }) => parameters['r'])).toEqual([tenant, key]);
        for (const { parameters } of list) expect(parameters['t']).toBeLessThanOrEqual(after ?? 10);
      }),
    );
  });
});
