import fc from 'fast-check';
import { canonicalForm, diff } from './diff.js';

/** The same JSON with its keys in another order and nulls strewn in. */
function disturbed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(disturbed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, child]) => [name, disturbed(child)] as const);
  return Object.fromEntries([['rien', null], ...entries.reverse(), ['vide', ''], ['liste', []]]);
}

const dossier = {
  engagement: 1000,
  cerfa: {
    numeroInterne: 'D1',
    etat: 'TRANSMIS',
    apprenti: { nom: 'Petit', dateNaissance: '2005-01-02', courriel: 'a@example.org' },
    contrat: { dateDebutContrat: '2026-09-01', salaireBrut: 1200 },
  },
  echeances: [
    { numero: 1, dateOuverture: '2026-10-01', montantTotal: 100 },
    { numero: 2, dateOuverture: null, montantTotal: 200 },
  ],
};

describe('diff', () => {
  it('names each changed path with its class, and shows values of states, amounts and dates only', () => {
    const after = structuredClone(dossier);
    after.cerfa.etat = 'ENGAGE';
    after.engagement = 1500.5;
    after.cerfa.apprenti = { nom: 'Grand', dateNaissance: '2005-01-03', courriel: 'b@example.org' };
    after.cerfa.contrat = { dateDebutContrat: '2026-09-02', salaireBrut: 1300 };
    expect(diff(dossier, after)).toEqual([
      { path: '/cerfa/apprenti/courriel', class: 'contact' },
      { path: '/cerfa/apprenti/dateNaissance', class: 'autre' },
      { path: '/cerfa/apprenti/nom', class: 'autre' },
      { path: '/cerfa/contrat/dateDebutContrat', class: 'date', before: '2026-09-01', after: '2026-09-02' },
      { path: '/cerfa/contrat/salaireBrut', class: 'autre' },
      { path: '/cerfa/etat', class: 'etat', before: 'TRANSMIS', after: 'ENGAGE' },
      { path: '/engagement', class: 'montant', before: 1000, after: 1500.5 },
    ]);
  });

  it('names the rows of a numbered list by their numero, whatever their order', () => {
    const after = { ...dossier, echeances: [{ numero: 2, montantTotal: 250 }, dossier.echeances[0]] };
    expect(diff(dossier, after)).toEqual([
      { path: '/echeances/2/montantTotal', class: 'montant', before: 200, after: 250 },
    ]);
  });

  it('shows a value that appears or goes as null on the other side', () => {
    expect(diff(dossier, { ...dossier, engagement: null })).toEqual([
      { path: '/engagement', class: 'montant', before: 1000, after: null },
    ]);
  });

  it('hides a value that does not look like its class', () => {
    expect(diff({ montantTotal: 1 }, { montantTotal: 'un nom' })).toEqual([
      { path: '/montantTotal', class: 'montant' },
    ]);
  });

  it('sees no change in key order, nulls, empty text and empty lists', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const other = disturbed(value);
        // The strewn-in names would hide a real value of the same name.
        fc.pre(!/"(rien|vide|liste)":/.test(JSON.stringify(value)));
        expect(diff(value, other)).toEqual([]);
        expect(canonicalForm(value)).toBe(canonicalForm(other));
      }),
    );
  });

  it('is empty exactly when the canonical forms are equal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(diff({ a }, { a: b }).length === 0).toBe(canonicalForm({ a }) === canonicalForm({ a: b }));
      }),
    );
  });
});
