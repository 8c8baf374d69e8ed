import { judgeLimits } from './judge-limits.js';

const bounds = { concurrency: 8, maxPerSecond: 50 };

describe('the limits that a webhook asks for', () => {
  it('are taken up to the bounds of the installation, and no further', () => {
    expect(judgeLimits({}, bounds)).toEqual([]);
    expect(judgeLimits({ concurrency: 8, maxPerSecond: 50 }, bounds)).toEqual([]);
    expect(judgeLimits({ concurrency: null, maxPerSecond: null }, bounds)).toEqual([]);
    expect(judgeLimits({ concurrency: 9, maxPerSecond: 51 }, bounds)).toMatchObject([
      { pointer: '/concurrency', code: 'maximum' },
      { pointer: '/maxPerSecond', code: 'maximum' },
    ]);
  });

  it('may be any rate where the installation sets none', () => {
    expect(judgeLimits({ maxPerSecond: 100_000 }, { ...bounds, maxPerSecond: null })).toEqual([]);
  });
});
