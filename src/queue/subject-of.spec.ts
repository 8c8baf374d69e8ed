import { exampleCerfa } from '../core/contract/cerfa-example.js';
import { subjectOf } from './subject-of.js';

describe('the subject of a deposit', () => {
  const cerfa = exampleCerfa();
  const withApprenti = (changes: object) => ({ cerfa: { ...cerfa, apprenti: { ...cerfa.apprenti, ...changes } } });

  it('is the apprentice by NIR, with or without its key', () => {
    const nir = String(cerfa.apprenti.nir);
    expect(subjectOf('dossiers', { cerfa })).toBe(`apprenti:nir:${nir.slice(0, 13)}`);
    expect(subjectOf('dossiers', withApprenti({ nir: nir.slice(0, 13) }))).toBe(subjectOf('dossiers', { cerfa }));
  });

  it('is the civil identity without a NIR, however it is spelt', () => {
    const one = subjectOf(
      'dossiers',
      withApprenti({ nir: null, nom: 'Le Goff', prenom: 'Zoé', dateNaissance: '2006-01-02' }),
    );
    const two = subjectOf(
      'dossiers',
      withApprenti({ nir: undefined, nom: 'LE-GOFF', prenom: 'zoe', dateNaissance: '2006-01-02' }),
    );
    expect(one).toBe('apprenti:identite:LEGOFF|ZOE|20060102');
    expect(two).toBe(one);
  });

  it('is the objects of a document, in our words or the words of the norm, in any order', () => {
    const one = subjectOf('documents', {
      objets: [
        { typeObjet: 'dossier', idObjet: '2' },
        { typeObjet: 'facture', idObjet: '1' },
      ],
    });
    const two = subjectOf('documents', {
      objets: [
        { typeObjet: 'FACTURE', idObjet: '1' },
        { typeObjet: 'DOSSIER_APPRENTISSAGE', idObjet: '2' },
      ],
    });
    expect(one).toBe('objets:DOSSIER_APPRENTISSAGE:2,FACTURE:1');
    expect(two).toBe(one);
  });

  it('is the dossier that another deposit names, else its kind', () => {
    expect(subjectOf('factures', { numeroInterneDossier: 'D-1' })).toBe('dossier:D-1');
    expect(subjectOf('factures', {})).toBe('depot:factures');
  });
});
