import fc from 'fast-check';
import type { Dossier } from '../../src/core/contract/dossier.js';
import type { EtatFacture } from '../../src/core/contract/factures-etats.js';
import { fund } from '../../src/sandbox/funding.js';
import { contratOf } from '../../src/sandbox/contrat.js';
import { reconcile } from '../../src/poller/coherence.js';

const today = '2026-10-15';
interface Terms {
  readonly conclusion?: string;
  readonly debut?: string;
  readonly fin?: string;
  readonly npecCents?: number;
  readonly etat?: string;
  readonly diploma?: string;
}

/** A dossier whose money the sandbox has worked out, by its own reading of the rules. */
function funded(terms: Terms = {}): Dossier {
  const {
    conclusion = '2025-08-20',
    debut = '2025-09-01',
    fin = '2027-08-31',
    npecCents = 800_000,
    etat = 'ENGAGE',
    diploma = '54',
  } = terms;
  const contrat = { dateConclusion: conclusion, dateDebutContrat: debut, dateFinContrat: fin, typeContratApp: 11 };
  const formation = { codeDiplome: `${diploma}000000`, typeDiplome: diploma };
  const { instalments, engagementCents } = fund(
    contratOf({ contrat, formation, apprenti: { diplomePrepare: diploma } }),
    npecCents,
  );
  return {
    engagement: engagementCents / 100,
    cerfa: { numeroInterne: 'D1', etat, contrat },
    echeances: instalments.map(({ numero, codification, dateOuverture, dateDebut, dateFin, cents, rqthCents }) => ({
      ...{ numero, codification, dateOuverture, dateDebut, dateFin, montantRegle: 0, montantEnCoursInstruction: 0 },
      montantTotal: (cents + rqthCents) / 100,
      dontMontantPedagogie: cents / 100,
      dontMajorationRqth: rqthCents / 100,
    })),
  };
}

const codes = (dossier: Dossier, factures?: EtatFacture[], on = today) =>
  reconcile({ dossier, today: on, ...(factures && { factures }) }).findings.map(({ code, pointer }) => [code, pointer]);
/** The same with other members of one instalment. */
const withInstalment = (dossier: Dossier, at: number, change: object): Dossier => ({
  ...dossier,
  echeances: (dossier.echeances ?? []).map((each, rank) => (rank === at ? { ...each, ...change } : each)),
});

describe('reconcile', () => {
  it('finds nothing in what the money rules give, before and since 2025-07-01, whatever term and amount', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.tuple(fc.integer({ min: 6, max: 36 }), fc.integer({ min: 0, max: 27 })),
        fc.integer({ min: 100_000, max: 1_500_000 }),
        fc.constantFrom('54', '62', '73'),
        (old, [months, days], npecCents, diploma) => {
          const debut = old ? '2024-09-02' : '2025-09-01';
          const fin = new Date(Date.UTC(old ? 2024 : 2025, 8 + months, 1 + days)).toISOString().slice(0, 10);
          const conclusion = old ? '2024-08-20' : '2025-08-20';
          const dossier = funded({ conclusion, debut, fin, npecCents, diploma });
          expect([debut, fin, codes(dossier, undefined, '2025-10-15')]).toEqual([debut, fin, []]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('tells which rules apply, and the totals', () => {
    const dossier = withInstalment(funded(), 0, { montantRegle: 1000, montantEnCoursInstruction: 200 });
    expect(reconcile({ dossier, today })).toMatchObject({
      coherent: true,
      rules: 'since-2025-07-01',
      totals: {
        engagement: 16000,
        instalments: 16000,
        paid: 1000,
        inInstruction: 200,
        billable: 3200 - 1200 + 2400 + 1600 + 800 + 3200,
      },
      invoices: 'unavailable',
    });
    expect(reconcile({ dossier: funded({ conclusion: '2025-06-30' }), today }).rules).toBe('before-2025-07-01');
  });

  it('names what does not add up, with its place and both amounts', () => {
    const good = funded();
    expect(reconcile({ dossier: { ...good, engagement: 15000 }, today }).findings).toEqual([
      {
        ...{ code: 'ENGAGEMENT_SUM', severity: 'error', pointer: '/engagement', expected: 15000, actual: 16000 },
        message: 'La somme des échéances n’est pas le montant engagé.',
      },
    ]);
    expect(codes(withInstalment(good, 1, { dontMontantPedagogie: 1 }))).toContainEqual([
      'INSTALMENT_SPLIT',
      '/echeances/1/montantTotal',
    ]);
    expect(codes(withInstalment(good, 1, { montantRegle: 2400.01 }))).toEqual([
      ['INSTALMENT_OVERPAID', '/echeances/1/montantRegle'],
    ]);
    expect(codes(withInstalment(good, 1, { montantRegle: -1 }))).toEqual([['INSTALMENT_NEGATIVE', '/echeances/1']]);
    expect(codes(withInstalment(good, 1, { numero: 1 }))).toEqual([['INSTALMENT_REPEATED', '/echeances/1/numero']]);
    expect(codes(withInstalment(good, 0, { dateOuverture: '2025-08-31' }))).toEqual([
      ['INSTALMENT_EARLY', '/echeances/0/dateOuverture'],
    ]);
    expect(
      codes({ ...withInstalment(good, 0, { montantRegle: 1 }), cerfa: { ...good.cerfa, etat: 'REFUSE' } }),
    ).toEqual([['PAID_WITHOUT_ENGAGEMENT', '/cerfa/etat']]);
    expect(codes({ ...good, cerfa: { ...good.cerfa, etat: 'SOLDE' } })).toEqual([['SETTLED_UNPAID', '/cerfa/etat']]);
  });

  it('knows the shares of a year, and the balance that is lost after four months', () => {
    const good = funded();
    const moved = withInstalment(withInstalment(good, 1, { montantTotal: 2300, dontMontantPedagogie: 2300 }), 2, {
      montantTotal: 1700,
      dontMontantPedagogie: 1700,
    });
    expect(codes(moved)).toEqual([
      ['SCHEDULE_SHARES', '/echeances/1'],
      ['SCHEDULE_SHARES', '/echeances/2'],
    ]);
    const old = funded({ conclusion: '2025-06-30' });
    expect(codes({ ...old, cerfa: good.cerfa })).toContainEqual(['SCHEDULE_SHARES', '/echeances/0']);
    expect(codes(good, undefined, '2027-12-31')).toEqual([]);
    expect(codes(good, undefined, '2028-01-01')).toEqual([['BALANCE_LOST', '/echeances/7']]);
  });

  it('judges extras by their prices and invoices by what is paid', () => {
    const dossier = {
      ...withInstalment(funded(), 0, { montantRegle: 100 }),
      engagementsFraisAnnexe: [
        { natureFrais: 'Restauration', quantite: 10, prixUnitaire: 3, montantTotal: 31 },
        { natureFrais: 'Hébergement', quantite: 1, prixUnitaire: 7, montantTotal: 7 },
      ],
      detailsFacturation: { plafondFraisPremierEquipement: 501 },
    };
    expect(codes(dossier)).toEqual([
      ['EXTRA_PRODUCT', '/engagementsFraisAnnexe/0/montantTotal'],
      ['EXTRA_PRICE', '/engagementsFraisAnnexe/1/prixUnitaire'],
      ['EQUIPMENT_CEILING', '/detailsFacturation/plafondFraisPremierEquipement'],
    ]);
    const paid = (montant: number) => [
      { numeroInterneFacture: 'F1', etatFacture: 'REGLE', dossiers: [{ numeroInterneDossier: 'D1', montant }] },
    ];
    const plain = withInstalment(funded(), 0, { montantRegle: 100 });
    expect(codes(plain, paid(100))).toEqual([]);
    expect(codes(plain, paid(100.01))).toEqual([['INVOICES_OVER_PAYMENTS', '/echeances']]);
  });
});
