import fc from 'fast-check';
import { canonicalForm, diff, differences } from './diff.js';

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

/** Another spelling of the same dossier: order, nulls, numbers and days as text, spaces. */
function respelled(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) {
    const rows = value.map((row) => respelled(row, random));
    return random() < 0.5 ? rows.reverse() : rows;
  }
  if (typeof value === 'number' && random() < 0.5) return Number.isInteger(value) ? `${value}.00` : String(value);
  if (typeof value === 'string') {
    const day = /^\d{4}-\d{2}-\d{2}$/.test(value);
    if (day)
      return [value, `${value}T00:00:00+00:00`, `${value}T00:00:00Z`, `${value} 00:00`][Math.floor(random() * 4)];
    return random() < 0.5 ? ` ${value.normalize('NFD')}  ` : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, child]) => [name, respelled(child, random)] as const);
  return Object.fromEntries(random() < 0.5 ? [['absent', null], ...entries.reverse()] : entries);
}

const cents = fc.integer({ min: 0, max: 2_000_000 }).map((value) => value / 100);
const day = fc.integer({ min: 0, max: 3000 }).map((n) => new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(0, 10));
const aDossier = fc.record({
  engagement: cents,
  cerfa: fc.record({
    numeroInterne: fc.stringMatching(/^[1-9][0-9]{0,9}$/),
    etat: fc.constantFrom('TRANSMIS', 'ENGAGE', 'SOLDE'),
    commentaireEtat: fc.constantFrom('Été à Évreux', 'refus  motivé', ''),
    contrat: fc.record({ dateDebutContrat: day, dateFinContrat: day, salaireEmbauche: cents }),
  }),
  echeances: fc.uniqueArray(
    fc.record({ numero: fc.integer({ min: 1, max: 9 }), dateOuverture: day, montantTotal: cents }),
    {
      selector: ({ numero }) => numero,
    },
  ),
  engagementsFraisAnnexe: fc.array(
    fc.record({ natureFrais: fc.constantFrom('Restauration', 'Hebergement'), quantite: cents }),
  ),
});

describe('diff', () => {
  it('sees nothing in another spelling of the same dossier', () => {
    fc.assert(
      fc.property(aDossier, fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (one, stream) => {
        const random = () => stream.next().value ?? 0;
        const other = respelled(one, random);
        expect(diff(one, other)).toEqual([]);
        expect(canonicalForm(other)).toBe(canonicalForm(one));
      }),
      { numRuns: 300 },
    );
  });

  it('takes a midnight of Paris for its day, and another time for what it is', () => {
    expect(diff({ dateOuverture: '2026-07-01' }, { dateOuverture: '2026-07-01T00:00:00+02:00' })).toEqual([]);
    expect(diff({ dateOuverture: '2026-07-01' }, { dateOuverture: '2026-06-30T22:00:00Z' })).toEqual([]);
    expect(diff({ dateOuverture: '2026-07-01' }, { dateOuverture: '2026-07-01T10:00:00Z' })).toHaveLength(1);
  });

  it('keeps codes digit by digit, and takes no code for an amount', () => {
    const of = (codePostal: string, ordre: string) => ({ codePostal, remunerationsAnnuelles: [{ ordre, taux: 43 }] });
    expect(diff(of('01000', '1.1'), of('1000', '1.1'))).toHaveLength(1);
    expect(diff(of('01000', '1.1'), of('01000', '1.10'))).not.toEqual([]);
  });

  it('passes over what an OPCO says about its own answer', () => {
    expect(diff({ comment: 'Lu à 10:01', engagement: 1 }, { comment: 'Lu à 10:02', engagement: 1 })).toEqual([]);
  });

  it('gives the owner every value', () => {
    expect(differences(dossier, { ...dossier, cerfa: { ...dossier.cerfa, apprenti: { nom: 'Grand' } } })).toEqual([
      { path: '/cerfa/apprenti/courriel', class: 'contact', before: 'a@example.org', after: null },
      { path: '/cerfa/apprenti/dateNaissance', class: 'autre', before: '2005-01-02', after: null },
      { path: '/cerfa/apprenti/nom', class: 'autre', before: 'Petit', after: 'Grand' },
    ]);
  });

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
