import { isUnknownNumber } from './quirks.js';

const answered = (status: number, body: unknown) => ({ status, headers: {}, body });

it('a 400 with a comment and no errors is an unknown number', () => {
  expect(isUnknownNumber(answered(400, { errors: null, comment: 'Aucun dossier' }))).toBe(true);
  expect(isUnknownNumber(answered(404, undefined))).toBe(true);
});

it('a 400 that lists errors, or says nothing, is a true refusal', () => {
  expect(isUnknownNumber(answered(400, { errors: [{ code: 'X' }], comment: 'non' }))).toBe(false);
  expect(isUnknownNumber(answered(400, undefined))).toBe(false);
});
