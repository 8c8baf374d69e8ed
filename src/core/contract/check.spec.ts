import fc from 'fast-check';
import Type, { type TSchema } from 'typebox';
import { exampleCerfa } from './cerfa-example.js';
import { compileContract } from './check.js';
import { CertificatDeposit, exampleCertificat } from './certificat.js';
import { DossierComplet, exampleComplet } from './complet.js';
import { ConventionDeposit, exampleConvention } from './convention.js';
import { DocumentDeposit } from './document.js';
import { Dossier, DossierDeposit } from './dossier.js';
import { exampleFacture, FactureDeposit } from './facture.js';
import { FacturesUpstreamPage } from './factures-etats.js';
import { ListeQuery } from './liste.js';
import { RuptureDeposit } from './rupture.js';
import { base64 } from './scalars.js';
import { OpcoStatus } from './status.js';

type Loose = Record<string, unknown>;
const contract = compileContract(DossierDeposit);
const deposit = () => structuredClone({ cerfa: exampleCerfa() }) as unknown as { cerfa: Record<string, Loose> };

/** The example with one member of one part replaced. */
function altered(part: string, name: string, value: unknown): unknown {
  const body = deposit();
  body.cerfa[part] = { ...body.cerfa[part], [name]: value };
  return body;
}

it('accepts the example, and is compiled once', () => {
  expect(contract.check(deposit())).toEqual([]);
  expect(compileContract(DossierDeposit)).toBe(contract);
});

it.each([
  ['apprenti', 'nom', undefined, 'type'],
  ['apprenti', 'nom', '', 'too_short'],
  ['apprenti', 'nom', '   ', 'pattern'],
  ['apprenti', 'nom', 'a\u0000b', 'pattern'],
  ['apprenti', 'nom', '\ud800', 'pattern'],
  ['apprenti', 'nom', 'x'.repeat(81), 'too_long'],
  ['apprenti', 'dateNaissance', '2026-02-30', 'format'],
  ['apprenti', 'dateNaissance', '2026-2-3', 'format'],
  ['apprenti', 'sexe', 'X', 'enum'],
  ['apprenti', 'nir', '12', 'pattern'],
  ['apprenti', 'handicap', 'non', 'type'],
  ['apprenti', 'surnom', 'x', 'unknown_field'],
  ['contrat', 'salaireEmbauche', 955.145, 'precision'],
  ['contrat', 'salaireEmbauche', 0.1 + 0.2, 'precision'],
  ['contrat', 'salaireEmbauche', -1, 'too_small'],
  ['contrat', 'dureeTravailHebdoMinutes', 60, 'too_large'],
  ['contrat', 'dureeTravailHebdoMinutes', 1.5, 'type'],
  ['contrat', 'remunerationsAnnuelles', [], 'too_few'],
  ['contrat', 'typeContratApp', 99, 'enum'],
  ['employeur', 'siret', '1100000150001', 'pattern'],
])('refuses %s.%s = %j as %s, with its pointer', (part, name, value, code) => {
  expect(contract.check(altered(part, name, value))).toEqual([
    expect.objectContaining({ pointer: `/cerfa/${part}/${name}`, code }),
  ]);
});

it('names all that is wrong at once, a missing field by the pointer it would have', () => {
  const body = deposit();
  delete body.cerfa['contrat']?.['dateFinContrat'];
  delete body.cerfa['maitre1'];
  const findings = contract.check({ ...body, 'a/b~c': 1 });
  expect(findings.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
    '/a~1b~0c unknown_field',
    '/cerfa/contrat/dateFinContrat required',
    '/cerfa/maitre1 required',
  ]);
});

it('takes null for what is optional, and says what is wrong inside it otherwise', () => {
  expect(contract.check(altered('apprenti', 'nomUsage', null))).toEqual([]);
  expect(contract.check(altered('apprenti', 'nomUsage', 3))).toMatchObject([{ code: 'type' }]);
  expect(contract.check(altered('apprenti', 'responsableLegal', { nom: 'x' })).map(({ pointer }) => pointer)).toContain(
    '/cerfa/apprenti/responsableLegal/prenom',
  );
});

it('answers in French, and never with the value', () => {
  const [finding] = contract.check(altered('apprenti', 'nir', 'canary-123'));
  expect(JSON.stringify(finding)).not.toContain('canary');
  expect(finding?.message).toBe('Forme non admise.');
});

it.each([null, undefined, 3, 'x', [], true])('refuses %j as a whole', (value) => {
  expect(contract.check(value)).toEqual([{ pointer: '', code: 'type', message: 'Attendu : un objet.' }]);
});

it('keeps to a hundred findings, whatever it is given', () => {
  const hostile = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1]));
  expect(contract.check(hostile).length).toBeLessThanOrEqual(101);
});

it('is not taken in by names of Object.prototype', () => {
  expect(
    contract
      .check(JSON.parse('{"__proto__": {"cerfa": 1}, "constructor": 1}'))
      .map(({ pointer }) => pointer)
      .sort(),
  ).toEqual(['/__proto__', '/cerfa', '/constructor']);
});

it('takes exactly one file, in base64, under a plain name', () => {
  const documents = compileContract(DocumentDeposit);
  const body = (files: unknown) => ({
    typeFichier: 'CONVENTION_FORMATION',
    objets: [{ typeObjet: 'dossier', idObjet: '1' }],
    _files: files,
  });
  expect(documents.check(body({ document: 'JVBERi0=' }))).toEqual([]);
  expect(documents.check(body({}))).toMatchObject([{ pointer: '/_files', code: 'too_few' }]);
  expect(documents.check(body({ a: 'JVBERi0=', b: 'JVBERi0=' }))).toMatchObject([
    { pointer: '/_files', code: 'too_many' },
  ]);
  expect(documents.check(body({ '../a': 'JVBERi0=' }))).toMatchObject([
    { pointer: '/_files/..~1a', code: 'unknown_field' },
  ]);
  expect(documents.check(body({ a: 'data:;base64,JVBE' }))).toMatchObject([{ pointer: '/_files/a', code: 'refused' }]);
});

it('takes base64 that one sequence of bytes writes so, and no other', () => {
  const { check } = compileContract(Type.Object({ file: base64(64, 'x') }));
  const codeOf = (file: string) => check({ file })[0]?.code;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
      expect(codeOf(Buffer.from(bytes).toString('base64'))).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9+/]{1,12}={0,2}$/), (text) => {
      const isOnlyOne = Buffer.from(text, 'base64').toString('base64') === text;
      expect(codeOf(text) === undefined).toBe(isOnlyOne);
    }),
  );
  expect(codeOf(Buffer.alloc(65).toString('base64'))).toBe('refused');
  expect(codeOf(Buffer.alloc(67).toString('base64'))).toBe('too_long');
  for (const text of ['AAA-', 'AAA_', 'AAAA\n', 'AA\r\nAA', ' AAAA', 'AA==AAAA', '====', 'A===']) {
    expect([text, codeOf(text)]).toEqual([text, 'refused']);
  }
});

it('explains each value that the compiled check refuses, and only those', () => {
  const schemas: readonly TSchema[] = [
    DossierDeposit,
    DocumentDeposit,
    ConventionDeposit,
    FactureDeposit,
    CertificatDeposit,
    RuptureDeposit,
    DossierComplet,
    Dossier,
    ListeQuery,
    FacturesUpstreamPage,
    OpcoStatus,
    Type.Union([Type.Integer(), Type.Null()]),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...schemas), fc.jsonValue(), (schema, value) => {
      const { check, holds } = compileContract(schema);
      const findings = check(value);
      expect(findings.length === 0).toBe(holds(value));
      expect(findings.map(({ code }) => code)).not.toContain('invalid');
    }),
  );
  const examples: readonly (readonly [TSchema, object])[] = [
    [ConventionDeposit, exampleConvention()],
    [FactureDeposit, exampleFacture()],
    [CertificatDeposit, exampleCertificat()],
    [DossierComplet, exampleComplet()],
  ];
  for (const [schema, example] of examples) {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(example)), fc.jsonValue(), (name, value) => {
        const findings = compileContract(schema).check({ ...example, [name]: value });
        expect(findings.map(({ code }) => code)).not.toContain('invalid');
      }),
    );
  }
  const parts = Object.keys(exampleCerfa());
  fc.assert(
    fc.property(fc.constantFrom(...parts), fc.jsonValue(), (part, value) => {
      expect(contract.check({ cerfa: { ...exampleCerfa(), [part]: value } }).map(({ code }) => code)).not.toContain(
        'invalid',
      );
    }),
  );
});
