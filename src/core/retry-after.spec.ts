import { retryAfterSeconds } from './retry-after.js';

const now = Date.parse('2026-01-01T00:00:00Z');

describe('a Retry-After', () => {
  it.each([
    ['7', 7],
    ['0', 1],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 1],
  ])('of %s asks for %i s', (field, seconds) => {
    expect(retryAfterSeconds(field, now)).toBe(seconds);
  });

  it.each([
    ['nine digits', '999999999'],
    ['more digits than a number holds', '9'.repeat(400)],
    ['a date in a hundred years', 'Thu, 01 Jan 2126 00:00:00 GMT'],
  ])('of %s asks for no more than a day', (_, field) => {
    expect(retryAfterSeconds(field, now)).toBe(86_400);
  });

  it.each([undefined, '', 'soon', '-5', '-5x', '2030-01-01', 'Mon, nothing'])('of %s says nothing', (field) => {
    expect(retryAfterSeconds(field, now)).toBeUndefined();
  });
});
