import fc from 'fast-check';
import { ibanHolds, siretHolds } from './checksums.js';

it.each(['73282932000074', '11000001500013', '13002526500013'])('the SIRET %s holds', (siret) => {
  expect(siretHolds(siret)).toBe(true);
});

it('La Poste numbers its establishments by another rule', () => {
  expect(siretHolds('35600000049837')).toBe(true);
  expect(siretHolds('35600000049838')).toBe(false);
});

it.each(['FR7630006000011234567890189', 'DE89370400440532013000', 'GB82WEST12345698765432'])(
  'the IBAN %s holds',
  (iban) => {
    expect(ibanHolds(iban)).toBe(true);
  },
);

it('one wrong digit is always seen, in a SIRET and in an IBAN', () => {
  const wrong = (text: string, at: number, by: number) =>
    text.slice(0, at) + String((Number(text[at]) + by) % 10) + text.slice(at + 1);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 13 }), fc.integer({ min: 1, max: 9 }), (at, by) => {
      expect(siretHolds(wrong('73282932000074', at, by))).toBe(false);
      expect(ibanHolds(wrong('FR7630006000011234567890189', at + 4, by))).toBe(false);
    }),
  );
});
