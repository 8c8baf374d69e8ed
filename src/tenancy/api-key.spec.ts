import { claimedEnvironment, looksLikeApiKey, makeApiKey, visiblePrefix } from './api-key.js';

describe('an API key', () => {
  it('of ours carries its environment and 256 random bits, never the same twice', () => {
    const keys = Array.from({ length: 1000 }, () => makeApiKey('live'));
    expect(keys.every((key) => /^opv_live_[A-Za-z0-9_-]{43}$/.test(key) && looksLikeApiKey(key))).toBe(true);
    expect(new Set(keys).size).toBe(1000);
    expect(makeApiKey('test')).toMatch(/^opv_test_/);
  });

  it.each([
    ['16 characters', '!'.repeat(16), true],
    ['512 characters', '~'.repeat(512), true],
    ['15 characters', 'a'.repeat(15), false],
    ['513 characters', 'a'.repeat(513), false],
    ['a space inside', 'aaaaaaaa aaaaaaaa', false],
    ['a space at the end', 'aaaaaaaaaaaaaaaa ', false],
    ['a newline at the end', 'aaaaaaaaaaaaaaaa\n', false],
    ['a comma, as of two joined header lines', 'aaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbb', false],
    ['a letter beyond ASCII', 'éaaaaaaaaaaaaaaaa', false],
    ['a control character', 'aaaaaaaaaaaaaaa\x7f', false],
  ])('with %s: %s is judged %s', (_what, text, verdict) => {
    expect(looksLikeApiKey(text)).toBe(verdict);
  });

  it('claims an environment only when it is one of ours', () => {
    expect([makeApiKey('test'), makeApiKey('live'), 'cfa-A-6f1c0b1e9d3a4c7f8e21'].map(claimedEnvironment)).toEqual([
      'test',
      'live',
      undefined,
    ]);
  });

  it('shows four random characters of a key of ours, two characters of an imported one', () => {
    expect(visiblePrefix('opv_test_ABCDEFGH')).toBe('opv_test_ABCD');
    expect(visiblePrefix('cfa-A-6f1c0b1e9d3a4c7f8e21')).toBe('cf');
  });
});
