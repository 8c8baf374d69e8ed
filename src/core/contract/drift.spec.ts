import fc from 'fast-check';
import Type from 'typebox';
import { compileContract } from './check.js';
import { essential, expected, known, readDrifting } from './drift.js';

const contract = Type.Object({
  numero: Type.String(),
  montant: Type.Optional(Type.Union([Type.Number(essential), Type.Null()])),
  note: Type.Optional(Type.String()),
  rang: Type.Optional(Type.Integer(expected)),
  partie: Type.Optional(Type.Object({}, { additionalProperties: true, ...known(['nom']) })),
  lignes: Type.Optional(Type.Array(Type.Object({ code: Type.String(), prix: Type.Optional(Type.Number()) }))),
});
const good = { numero: 'N', montant: 1.5, note: 'x', rang: 1, partie: { nom: 'a' }, lignes: [{ code: 'A', prix: 2 }] };
const read = (over: object) => readDrifting(contract, { ...good, ...over });

describe('an answer read by its contract', () => {
  it('that keeps it comes back as it is', () => {
    expect(readDrifting(contract, good)).toEqual({ value: good, drifts: [], unreadable: [] });
    expect(read({ montant: null }).drifts).toEqual([]);
  });

  it('with unknown members keeps and reports them, never by anything that is no name', () => {
    const { value, drifts } = read({ neuf: 1, '2850578006084': 'x', partie: { nom: 'a', age: 3 } });
    expect(value).toMatchObject({ neuf: 1, '2850578006084': 'x', partie: { age: 3 } });
    expect(drifts.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
      'unknown /?',
      'unknown /neuf',
      'unknown /partie/age',
    ]);
  });

  it('with a number as text, or text as a number, is the same in the right type', () => {
    const { value, drifts, unreadable } = read({ numero: 12, montant: '8200.50', lignes: [{ code: 'A', prix: '3' }] });
    expect(value).toMatchObject({ numero: '12', montant: 8200.5, lignes: [{ code: 'A', prix: 3 }] });
    expect(unreadable).toEqual([]);
    expect(drifts.map(({ path }) => path).sort()).toEqual(['/lignes/*/prix', '/montant', '/numero']);
  });

  it('takes an empty text for an absent amount, and says so', () => {
    const { value, drifts, unreadable } = read({ montant: '' });
    expect([(value as typeof good).montant, unreadable]).toEqual([null, []]);
    expect(drifts).toEqual([{ kind: 'type', path: '/montant' }]);
  });

  it('loses what nobody relies on, and says so', () => {
    const { value, drifts, unreadable } = read({ note: { fr: 'x' }, partie: 'none', lignes: [{ code: null }] });
    expect(value).toEqual({ numero: 'N', montant: 1.5, rang: 1 });
    expect(unreadable).toEqual([]);
    expect(drifts).toEqual([
      { kind: 'type', path: '/note' },
      { kind: 'type', path: '/partie' },
      { kind: 'type', path: '/lignes' },
    ]);
  });

  it('reports what the norm always shows and this answer lacks', () => {
    const { rang: _, ...rest } = good;
    expect(readDrifting(contract, rest).drifts).toEqual([{ kind: 'missing', path: '/rang' }]);
  });

  it('cannot be trusted without what is required, nor with an amount that nobody can read', () => {
    expect(read({ montant: 'beaucoup' }).unreadable).toEqual(['/montant']);
    expect(read({ montant: '1e3' }).unreadable).toEqual(['/montant']);
    const { numero: _, ...rest } = good;
    expect(readDrifting(contract, rest).unreadable).toEqual(['/numero']);
    for (const value of [null, [], 'x', 7]) expect(readDrifting(contract, value).unreadable).toEqual(['/']);
  });

  it('either keeps the contract or is not trusted, whatever came', () => {
    const any = fc.oneof(fc.jsonValue(), fc.constantFrom('1', '2.50', 'x', 3, null));
    const value = fc.record(
      {
        numero: any,
        montant: any,
        note: any,
        rang: any,
        partie: any,
        lignes: fc.oneof(any, fc.array(fc.record({ code: any, prix: any }))),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(value, (given) => {
        const { value: trusted, unreadable } = readDrifting(contract, given);
        expect(unreadable.length > 0 || compileContract(contract).holds(trusted)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
