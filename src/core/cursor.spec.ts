import fc from 'fast-check';
import { readCursor, writeCursor } from './cursor.js';

describe('a cursor', () => {
  it('gives back the position that it was made of', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 16n }), fc.uuid(), (micros, id) => {
        const position = { micros: String(micros), id };
        expect(readCursor(writeCursor(position))).toEqual(position);
      }),
    );
  });

  it('refuses whatever it did not write itself', () => {
    const foreign = ['["2026-99-99 00:00:00","x"]', '1.x', '1.\0', '', '99999999999999999999.a'].map((text) =>
      Buffer.from(text).toString('base64url'),
    );
    for (const cursor of [...foreign, 'é', '%%%']) {
      expect(() => readCursor(cursor)).toThrow('VALIDATION_ERROR');
    }
  });
});
