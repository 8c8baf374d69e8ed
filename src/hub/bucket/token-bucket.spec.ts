import fc from 'fast-check';
import { ManualClock } from '../../../test/support/an-exchange.js';
import { TokenBucket } from './token-bucket.js';

function rig() {
  const clock = new ManualClock();
  return { clock, bucket: new TokenBucket({ rate: 10, burst: 10 }, clock) };
}

describe('a token bucket', () => {
  it('never grants more than burst + rate x time, whatever the rhythm of the calls', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }), (pauses) => {
        const { clock, bucket } = rig();
        const begun = clock.elapsed();
        let granted = 0;
        for (const ms of pauses) {
          clock.pass(ms / 1000);
          if (bucket.take() === 0) granted += 1;
        }
        expect(granted).toBeLessThanOrEqual(10 + (10 * (clock.elapsed() - begun)) / 1000 + 1e-6);
      }),
    );
  });

  it('cuts the rate by a tenth at the first 429, by half at another one soon after', () => {
    const { clock, bucket } = rig();
    bucket.throttled(1);
    expect(bucket.rate).toBeCloseTo(9);
    clock.pass(2);
    bucket.throttled(1);
    expect(bucket.rate).toBeCloseTo(4.5);
  });

  it('cuts once for all the calls that were under way when the first 429 came', () => {
    const { bucket } = rig();
    for (let n = 0; n < 5; n += 1) bucket.throttled(1);
    expect(bucket.rate).toBeCloseTo(9);
  });

  it('pauses for an hour at most, whatever a 429 asks for', () => {
    const { clock, bucket } = rig();
    bucket.throttled(999_999_999);
    expect(bucket.take()).toBeLessThanOrEqual(3600);
    clock.pass(3601);
    expect(bucket.take()).toBe(0);
  });

  it('recovers slowly, ever slower, up to the contract and no further', () => {
    const { clock, bucket } = rig();
    bucket.throttled(1);
    clock.pass(2);
    bucket.throttled(1);
    const rates = Array.from({ length: 40 }, () => (clock.pass(5), bucket.rate));
    expect(rates[0]).toBeGreaterThan(4.5);
    expect(rates[0]).toBeLessThan(6);
    expect(rates).toEqual([...rates].sort((x, y) => x - y));
    expect(rates.at(-1)).toBe(10);
  });

  it('always leaves a call to find out whether things are well again', () => {
    const { clock, bucket } = rig();
    for (let n = 0; n < 50; n += 1) {
      clock.pass(1.1);
      bucket.throttled(1);
    }
    expect(bucket.rate).toBeGreaterThanOrEqual(0.1);
    clock.pass(12);
    expect(bucket.take()).toBe(0);
  });
});
