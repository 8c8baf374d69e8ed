import { cacheDemandOf } from './cache-demand.js';

describe("a client's Cache-Control", () => {
  it.each([
    [undefined, {}],
    ['', {}],
    ['no-cache', { noCache: true }],
    ['NO-STORE , max-age=0', { noStore: true, maxAgeSeconds: 0 }],
    ['max-age="60"', { maxAgeSeconds: 60 }],
    ['only-if-cached, max-stale', { onlyIfCached: true, maxStaleSeconds: Infinity }],
    ['max-stale=30', { maxStaleSeconds: 30 }],
    ['max-age=-1, max-age=x, immutable, =, ,', {}],
  ])('%j is read as %j', (field, demand) => {
    expect(cacheDemandOf(field)).toEqual(demand);
  });
});
