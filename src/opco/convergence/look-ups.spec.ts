import { exampleCerfa } from '../../core/contract/cerfa-example.js';
import type { Cerfa } from '../../core/contract/cerfa.js';
import { exampleFacture } from '../../core/contract/facture.js';
import { dossierKey, dossierLookUp, factureKey, factureLookUp } from './look-ups.js';

const cerfa = exampleCerfa();
const sent = (change: Partial<Cerfa> = {}) => ({ query: {}, body: { cerfa: { ...cerfa, ...change } } });
const shown = (change: object = {}) => ({ cerfa: { numeroInterne: '7', etat: 'TRANSMIS', ...cerfa, ...change } });
const spaced = (digits: unknown) => String(digits).replace(/(.{3})/g, '$1 ');
const anonymous = { ...cerfa.apprenti, nir: null };

describe('the natural key of a contract', () => {
  it('is employer, person, first day, kind and amendment', () => {
    const { employeur, apprenti, contrat } = cerfa;
    expect(dossierKey(sent())).toEqual([
      employeur.siret,
      'nir',
      apprenti.nir?.slice(0, 13),
      contrat.dateDebutContrat,
      '11',
      '',
    ]);
  });

  it('takes the civil identity where there is no NIR, without accents, case or hyphens', () => {
    const one = dossierKey(sent({ apprenti: { ...anonymous, nom: 'Lefèvre-Noël' } }));
    expect(one).toEqual(dossierKey(sent({ apprenti: { ...anonymous, nom: 'LEFEVRE NOEL' } })));
    expect(one).not.toEqual(dossierKey(sent({ apprenti: { ...anonymous, nom: 'Lefebvre Noël' } })));
  });

  it('tells two amendments apart', () => {
    const amended = (noAvenant: string) => dossierKey(sent({ contrat: { ...cerfa.contrat, noAvenant } }));
    expect(amended('1')).not.toEqual(amended('2'));
  });
});

describe('a contract that an OPCO shows', () => {
  it.each<[string, object, string]>([
    ['as it was sent', {}, 'same'],
    ['with a code as text', { contrat: { ...cerfa.contrat, typeContratApp: '11' } }, 'same'],
    ['of another employer', { employeur: { siret: '73282932000074' } }, 'other'],
    ['of another person', { apprenti: { ...cerfa.apprenti, nir: '255081416802538' } }, 'other'],
    ['that begins on another day', { contrat: { ...cerfa.contrat, dateDebutContrat: '2026-09-02' } }, 'other'],
    ['without its NIR, under the same name', { apprenti: anonymous }, 'same'],
    ['without its NIR, under another name', { apprenti: { ...anonymous, nom: 'Autre' } }, 'unsure'],
    ['without its NIR, of another birthday', { apprenti: { ...anonymous, dateNaissance: '2001-01-01' } }, 'other'],
    ['with blanks in its NIR', { apprenti: { ...cerfa.apprenti, nir: spaced(cerfa.apprenti.nir) } }, 'same'],
    ['with a masked NIR, under the same name', { apprenti: { ...cerfa.apprenti, nir: 'XXXXXXXXXX678' } }, 'same'],
    ['with blanks in its SIRET', { employeur: { siret: spaced(cerfa.employeur.siret) } }, 'same'],
    ['with a SIRET that lost its first digit', { employeur: { siret: '1000001500013' } }, 'unsure'],
    [
      'that begins on a day nobody can read',
      { contrat: { ...cerfa.contrat, dateDebutContrat: '01/09/2026' } },
      'unsure',
    ],
    ['without its employer', { employeur: null }, 'unsure'],
    ['with the number of an amendment', { contrat: { ...cerfa.contrat, noAvenant: '1' } }, 'unsure'],
  ])('%s', (_name, change, verdict) => {
    expect(dossierLookUp.compare(sent(), shown(change))).toBe(verdict);
  });

  it('is named by its row, and gives the answer that was lost', () => {
    expect(dossierLookUp.numberOf({ numeroInterne: '7', etat: 'TRANSMIS' })).toBe('7');
    expect(dossierLookUp.numberOf('x')).toBeUndefined();
    expect(dossierLookUp.answerOf(shown({ numeroExterne: 'X7', numeroDeca: null }))).toEqual({
      numeroInterne: '7',
      numeroExterne: 'X7',
    });
  });
});

describe('an invoice', () => {
  const { _files, ...body } = exampleFacture();
  const question = { query: {}, body };
  const row = {
    numeroInterneFacture: '12',
    referenceFactureCFA: 'F-2026-0001',
    organismeFormation: { siret: '13002526500013' },
  };

  it('has a natural key only with the number that the CFA gave', () => {
    expect(factureKey(question)).toEqual(['13002526500013', 'F-2026-0001']);
    expect(factureKey({ query: {}, body: { ...body, numero: null } })).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ['the same', {}, 'same'],
    ['of another number', { referenceFactureCFA: 'F-2' }, 'other'],
    ['of a number in other letters and without its hyphens', { referenceFactureCFA: 'f 2026 0001' }, 'same'],
    ['of a number that was cut', { referenceFactureCFA: 'F-2026-000' }, 'unsure'],
    ['of a longer number', { referenceFactureCFA: 'F-2026-00011' }, 'other'],
    ['of another CFA', { organismeFormation: { siret: '73282932000074' } }, 'other'],
    ['without its CFA', { organismeFormation: null }, 'unsure'],
    ['of a CFA whose SIRET lost a digit', { organismeFormation: { siret: '3002526500013' } }, 'unsure'],
  ])('compares with a row: %s', (_name, change, verdict) => {
    expect(factureLookUp.compare(question, { ...row, ...change })).toBe(verdict);
  });

  it('is the same when the OPCO makes a number of the text that was sent', () => {
    const numbered = { query: {}, body: { ...body, numero: '000123' } };
    expect(factureLookUp.compare(numbered, { ...row, referenceFactureCFA: 123 })).toBe('same');
    expect(factureLookUp.compare(numbered, { ...row, referenceFactureCFA: 124 })).toBe('other');
  });

  it('is named by its row, and gives the answer that was lost', () => {
    expect(factureLookUp.numberOf(row)).toBe('12');
    expect(factureLookUp.answerOf(row)).toEqual({ numeroInterneFacture: '12' });
  });
});
