import { addDays, addMonths } from '../core/contract/calendar.js';
import type { Coherence, CoherenceFinding, Incoherence } from '../core/contract/coherence.js';
import type { Dossier } from '../core/contract/dossier.js';
import type { EtatFacture } from '../core/contract/factures-etats.js';
import { scheduleFinding } from './schedule-shares.js';
import { centsOf, type Instalment, instalmentsOf, sum, termOf, underDecree } from './instalments.js';

/** What is reconciled. `factures` are those of the dossier, undefined where the OPCO shows none. */
export interface Books {
  readonly dossier: Dossier;
  readonly factures?: readonly EtatFacture[];
  /** `YYYY-MM-DD` in Paris. */
  readonly today: string;
}

type Found = Omit<CoherenceFinding, 'expected' | 'actual'> & { readonly expected?: number; readonly actual?: number };

/** Cents: lodging per night, meals each, first equipment at most (norm.md 3.14). */
const prices = { hebergement: 600, restauration: 300 } as const;
const equipmentCents = 50_000;
const notEngaged = new Set(['REFUSE', 'TRANSMIS', 'EN_COURS_INSTRUCTION']);
/** Months after the end of a contract within which its balance is to be billed (decree 2025-585). */
const balanceMonths = 4;

/** Reconciles commitment, instalments, invoices and payments of a dossier by the rules of norm.md 3.14; cents inside. Pure. */
export function reconcile(books: Books): Coherence {
  const { dossier, factures } = books;
  const instalments = instalmentsOf(dossier);
  const term = termOf(dossier);
  const found = [
    ...commitment(dossier, instalments),
    ...instalments.flatMap((each) => oneInstalment(each, instalments)),
    ...extras(dossier),
    ...standing(dossier, instalments),
    ...scheduleFinding(dossier, instalments),
    ...lostBalance(books, instalments),
    ...(factures ? invoices(dossier, instalments, factures) : []),
  ];
  const open = instalments.filter(({ opens }) => opens !== undefined && opens <= books.today);
  return {
    numeroInterne: dossier.cerfa.numeroInterne,
    coherent: found.every(({ severity }) => severity !== 'error'),
    rules:
      term.conclusion === undefined ? null : underDecree(term.conclusion) ? 'since-2025-07-01' : 'before-2025-07-01',
    totals: {
      engagement: dossier.engagement ?? null,
      instalments: euros(sum(instalments, ({ total }) => total)),
      paid: euros(sum(instalments, ({ paid }) => paid)),
      inInstruction: euros(sum(instalments, ({ pending }) => pending)),
      billable: euros(sum(open, ({ total, paid, pending }) => Math.max(0, total - paid - pending))),
    },
    invoices: factures ? 'checked' : 'unavailable',
    findings: found.map(inEuros),
  };
}

function commitment({ engagement }: Dossier, instalments: readonly Instalment[]): Found[] {
  if (engagement === null || engagement === undefined || instalments.length === 0) return [];
  const [expected, actual] = [centsOf(engagement), sum(instalments, ({ total }) => total)];
  if (expected === actual) return [];
  return [
    error('ENGAGEMENT_SUM', '/engagement', 'La somme des échéances n’est pas le montant engagé.', { expected, actual }),
  ];
}

function oneInstalment(each: Instalment, all: readonly Instalment[]): Found[] {
  const { pointer, total, paid, pending, teaching, uplift, opens, numero } = each;
  const found: Found[] = [];
  if (all.find((other) => other.numero === numero) !== each)
    found.push(error('INSTALMENT_REPEATED', `${pointer}/numero`, `L’échéance ${numero} figure deux fois.`));
  if (Math.min(total, paid, pending) < 0)
    found.push(error('INSTALMENT_NEGATIVE', pointer, `L’échéance ${numero} a un montant négatif.`));
  if (teaching !== undefined && teaching + (uplift ?? 0) !== total) {
    const amounts = { expected: teaching + (uplift ?? 0), actual: total };
    found.push(
      error('INSTALMENT_SPLIT', `${pointer}/montantTotal`, 'Pédagogie et majoration ne font pas le total.', amounts),
    );
  }
  if (paid + pending > total) {
    const amounts = { expected: total, actual: paid + pending };
    found.push(
      error(
        'INSTALMENT_OVERPAID',
        `${pointer}/montantRegle`,
        `Plus que l’échéance ${numero} n’est réglé ou demandé.`,
        amounts,
      ),
    );
  }
  const start = each.contractStart;
  if (opens !== undefined && start !== undefined && opens < start)
    found.push(error('INSTALMENT_EARLY', `${pointer}/dateOuverture`, 'L’échéance ouvre avant le début du contrat.'));
  return found;
}

function extras({ engagementsFraisAnnexe, detailsFacturation }: Dossier): Found[] {
  const found = (engagementsFraisAnnexe ?? []).flatMap(({ natureFrais, quantite, prixUnitaire, montantTotal }, at) => {
    const pointer = `/engagementsFraisAnnexe/${at}`;
    const rows: Found[] = [];
    const [price, total] = [centsOf(prixUnitaire), centsOf(montantTotal)];
    const product = Math.round((quantite ?? 0) * price);
    if (known(quantite) && known(prixUnitaire) && known(montantTotal) && product !== total)
      rows.push(
        error('EXTRA_PRODUCT', `${pointer}/montantTotal`, 'Quantité × prix unitaire n’est pas le montant.', {
          expected: product,
          actual: total,
        }),
      );
    const legal = Object.entries(prices).find(([nature]) => plainWord(natureFrais).startsWith(nature))?.[1];
    if (legal !== undefined && known(prixUnitaire) && price !== legal)
      rows.push(
        warning('EXTRA_PRICE', `${pointer}/prixUnitaire`, 'Le prix unitaire n’est pas celui de la règle.', {
          expected: legal,
          actual: price,
        }),
      );
    return rows;
  });
  const ceiling = centsOf(detailsFacturation?.plafondFraisPremierEquipement);
  if (ceiling <= equipmentCents) return found;
  const amounts = { expected: equipmentCents, actual: ceiling };
  return [
    ...found,
    warning(
      'EQUIPMENT_CEILING',
      '/detailsFacturation/plafondFraisPremierEquipement',
      'Plus que 500 EUR de premier équipement.',
      amounts,
    ),
  ];
}

function standing({ cerfa: { etat } }: Dossier, instalments: readonly Instalment[]): Found[] {
  const paid = sum(instalments, (each) => each.paid);
  if (notEngaged.has(etat) && paid > 0)
    return [
      error('PAID_WITHOUT_ENGAGEMENT', '/cerfa/etat', `Réglé alors que le dossier est ${etat}.`, {
        expected: 0,
        actual: paid,
      }),
    ];
  const total = sum(instalments, (each) => each.total);
  if (etat !== 'SOLDE' || paid >= total) return [];
  return [
    warning('SETTLED_UNPAID', '/cerfa/etat', 'Soldé, et pas entièrement réglé.', { expected: total, actual: paid }),
  ];
}

/** Under the decree, the balance that is not billed within four months after the end is lost. */
function lostBalance({ dossier, today }: Books, instalments: readonly Instalment[]): Found[] {
  const { conclusion, end } = termOf(dossier);
  const last = instalments.at(-1);
  if (conclusion === undefined || end === undefined || !last || !underDecree(conclusion)) return [];
  const left = last.total - last.paid - last.pending;
  if (left <= 0 || today <= addMonths(end, balanceMonths) || notEngaged.has(dossier.cerfa.etat)) return [];
  const since = addDays(addMonths(end, balanceMonths), 1);
  return [
    warning('BALANCE_LOST', last.pointer, `Solde non facturé à temps : perdu depuis le ${since}.`, {
      expected: last.total,
      actual: last.total - left,
    }),
  ];
}

/** Paid invoices may not say more than the dossier does: what was paid before the CFA had an API has no invoice here. */
function invoices(dossier: Dossier, instalments: readonly Instalment[], factures: readonly EtatFacture[]): Found[] {
  const numero = dossier.cerfa.numeroInterne;
  const ofDossier = (facture: EtatFacture) =>
    sum(
      (facture.dossiers ?? []).filter((each) => each.numeroInterneDossier === numero),
      ({ montant }) => centsOf(montant),
    );
  const actual = sum(
    factures.filter(({ etatFacture }) => etatFacture === 'REGLE'),
    ofDossier,
  );
  const { plafondFraisPremierEquipement, plafondFraisMobilite } = dossier.detailsFacturation ?? {};
  const beside = sum(dossier.engagementsFraisAnnexe ?? [], ({ montantTotal }) => centsOf(montantTotal));
  const expected =
    sum(instalments, ({ paid }) => paid) +
    beside +
    centsOf(plafondFraisPremierEquipement) +
    centsOf(plafondFraisMobilite);
  if (actual <= expected) return [];
  return [
    error('INVOICES_OVER_PAYMENTS', '/echeances', 'Les factures réglées dépassent ce que le dossier dit réglé.', {
      expected,
      actual,
    }),
  ];
}

interface Amounts {
  readonly expected: number;
  readonly actual: number;
}

const error = (code: Incoherence, pointer: string, message: string, cents?: Amounts): Found => ({
  ...{ code, severity: 'error', pointer, message },
  ...cents,
});
const warning = (code: Incoherence, pointer: string, message: string, cents?: Amounts): Found => ({
  ...{ code, severity: 'warning', pointer, message },
  ...cents,
});
const euros = (cents: number) => cents / 100;
const known = (value: number | null | undefined): value is number => value !== null && value !== undefined;
const plainWord = (text: string) => text.normalize('NFD').replace(/\P{L}/gu, '').toLowerCase();

function inEuros({ expected, actual, ...rest }: Found): CoherenceFinding {
  return {
    ...rest,
    ...(expected !== undefined && { expected: euros(expected) }),
    ...(actual !== undefined && { actual: euros(actual) }),
  };
}
