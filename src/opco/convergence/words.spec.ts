import fc from 'fast-check';
import { exampleCerfa } from '../../core/contract/cerfa-example.js';
import { civilDateInParis } from './civil-date.js';
import { etat, fromUpstream, toUpstream, type Offset } from './words.js';

const offsets: readonly Offset[] = ['+00:00', 'Z'];
const days = fc
  .date({ min: new Date('1930-01-01T00:00:00Z'), max: new Date('2060-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

describe('dates', () => {
  it('come back as the same civil day, whatever the offset we send', () => {
    fc.assert(
      fc.property(days, fc.constantFrom(...offsets), (day, offset) => {
        const sent = toUpstream({ dateDebut: day }, offset);
        expect(sent).toEqual({ dateDebut: `${day}T00:00:00${offset}` });
        expect(fromUpstream(sent)).toEqual({ dateDebut: day });
      }),
    );
  });

  it.each([
    ['2026-08-31T22:00:00Z', '2026-09-01'],
    ['2026-12-31T23:00:00.000Z', '2027-01-01'],
    ['2026-09-01T00:00:00+02:00', '2026-09-01'],
    ['2026-01-01T00:00:00+02:00', '2025-12-31'],
    ['2026-09-01T00:00:00', '2026-09-01'],
    ['2026-09-01 10:30:00', '2026-09-01'],
    ['2026-09-01', '2026-09-01'],
    ['2026-09-01T00:00:00+0000', '2026-09-01'],
  ])('%s is %s in Paris', (text, day) => {
    expect(civilDateInParis(text)).toBe(day);
  });

  it('leaves what is no date for validation to refuse', () => {
    expect(fromUpstream({ dateDebut: 'bientôt', dateFin: null })).toEqual({ dateDebut: 'bientôt', dateFin: null });
  });

  it('agrees with the calendar of Paris for any instant', () => {
    const paris = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Paris' });
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1930-01-01'), max: new Date('2060-01-01'), noInvalidDate: true }),
        (instant) => {
          expect(civilDateInParis(instant.toISOString())).toBe(paris.format(instant));
        },
      ),
    );
  });
});

describe('a whole contract', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(fc.nat(5000), days, fc.constantFrom(...offsets), (rank, debut, offset) => {
        const cerfa = exampleCerfa({ rank, debut });
        expect(fromUpstream(toUpstream({ cerfa }, offset))).toEqual({ cerfa });
      }),
      { numRuns: 50 },
    );
  });
});

describe('words', () => {
  const names = fc.oneof(
    fc.constantFrom('dateDebut', 'mentionMobiliteInternationale', 'couts', 'numero', 'nom'),
    fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(...'abcdeéXYZ_') }),
  );
  const values = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(null, true, 3, 'texte', '2026'),
      days,
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(names, tie('node'), { maxKeys: 4 }),
    ),
  })).node;

  it('go and come back as they were', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(...offsets), (value, offset) => {
        expect(fromUpstream(toUpstream(value, offset))).toEqual(value);
      }),
    );
  });

  it('the accented key is read in both forms of Unicode', () => {
    const accented = 'mentionMobilit\u00e9Internationale';
    expect(toUpstream({ mentionMobiliteInternationale: true }, 'Z')).toEqual({ [accented]: true });
    for (const form of ['NFC', 'NFD']) {
      expect(fromUpstream({ [accented.normalize(form)]: true })).toEqual({ mentionMobiliteInternationale: true });
    }
  });
});

describe('dirty values', () => {
  it.each([
    ['RUTPURE', 'RUPTURE'],
    ['RUPTU', 'RUPTURE'],
    [' engage ', 'ENGAGE'],
    ['NOUVEL_ETAT', 'NOUVEL_ETAT'],
  ])('the state %s reads %s', (dirty, clean) => {
    expect(etat(dirty)).toBe(clean);
  });

  it('sexe 1 and 2 read M and F, numbers become text, the two spellings of the signature become one', () => {
    expect(
      fromUpstream([
        { sexe: 1 },
        { sexe: '2' },
        { sexe: 'F' },
        { numeroInterne: 12 },
        { CERFAsignatureProbante: true },
      ]),
    ).toEqual([{ sexe: 'M' }, { sexe: 'F' }, { sexe: 'F' }, { numeroInterne: '12' }, { CERFASignatureProbante: true }]);
  });

  it('a part suffixed V2 replaces the plain one, unless it is null', () => {
    expect(
      fromUpstream({
        employeur: { siret: 'old' },
        employeurV2: { siret: 'new' },
        apprenti: { nom: 'x' },
        apprentiV2: null,
      }),
    ).toEqual({
      employeur: { siret: 'new' },
      apprenti: { nom: 'x' },
    });
  });
});

it('a number whose digits JSON has lost is not made into text: it would name something else', () => {
  const read = fromUpstream(JSON.parse('{"numeroInterne": 9007199254740993, "numeroExterne": 9007199254740991}'));
  expect(read).toEqual({ numeroInterne: expect.any(Number) as number, numeroExterne: '9007199254740991' });
});

it('is not taken in by names of Object.prototype', () => {
  const hostile: unknown = JSON.parse('{"__proto__": {"etat": "x"}, "constructor": 1, "cerfa": {"toString": "2"}}');
  const read = fromUpstream(hostile) as object;
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  expect(JSON.stringify(read)).toBe('{"constructor":1,"cerfa":{"toString":"2"}}');
});
