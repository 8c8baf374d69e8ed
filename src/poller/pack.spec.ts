import fc from 'fast-check';
import { pack, unpack } from './pack.js';

describe('pack', () => {
  it('gives back any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(unpack(pack(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('reads what the release before sealed as plain JSON', () => {
    expect(unpack(Buffer.from('{"cerfa":{"etat":"ENGAGE"}}'))).toEqual({ cerfa: { etat: 'ENGAGE' } });
  });
});
