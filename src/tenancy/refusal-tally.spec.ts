import { RefusalTally } from './refusal-tally.js';

describe('the tally of refusals', () => {
  it('counts by reason and shortened address, and begins anew after each look', () => {
    const tally = new RefusalTally();
    for (const address of ['192.0.2.1', '192.0.2.200', '2001:db8:1:2::3']) tally.count('unknown', address);
    tally.count('missing', '192.0.2.1');
    tally.count('missing');
    expect(tally.take()).toEqual([
      { network: '192.0.2.0/24', reason: 'unknown', count: 2 },
      { network: '2001:db8:1::/48', reason: 'unknown', count: 1 },
      { network: '192.0.2.0/24', reason: 'missing', count: 1 },
      { network: 'none', reason: 'missing', count: 1 },
    ]);
    expect(tally.take()).toEqual([]);
  });

  it('keeps a bounded number of rows under a flood from everywhere, and loses no count', () => {
    const tally = new RefusalTally();
    for (let i = 0; i < 10_000; i++) tally.count(i % 2 ? 'unknown' : 'limited', `10.${i >> 8}.${i & 255}.1`);
    const rows = tally.take();
    expect(rows.length).toBeLessThanOrEqual(507);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
    expect(
      rows
        .filter(({ network }) => network === 'other')
        .map(({ reason }) => reason)
        .sort(),
    ).toEqual(['limited', 'unknown']);
  });

  it('takes back what could not be written down', () => {
    const tally = new RefusalTally();
    tally.count('revoked', '192.0.2.1');
    for (const row of tally.take()) tally.add(row);
    tally.count('revoked', '192.0.2.2');
    expect(tally.take()).toEqual([{ network: '192.0.2.0/24', reason: 'revoked', count: 2 }]);
  });
});
