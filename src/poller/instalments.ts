import type { Dossier } from '../core/contract/dossier.js';

/** One instalment in cents, as far as the OPCO says it. */
export interface Instalment {
  readonly pointer: string;
  readonly numero: number;
  readonly opens: string | undefined;
  /** First day of the year of the contract that it belongs to. */
  readonly from: string | undefined;
  readonly total: number;
  readonly teaching: number | undefined;
  readonly uplift: number | undefined;
  readonly paid: number;
  readonly pending: number;
  readonly contractStart: string | undefined;
}

/** The days on which a contract was concluded, begins and ends, where the dossier says them. */
export interface ContractTerm {
  readonly conclusion: string | undefined;
  readonly start: string | undefined;
  readonly end: string | undefined;
}

const day = /^\d{4}-\d{2}-\d{2}/;
const dayIn = (value: unknown) => (typeof value === 'string' ? day.exec(value)?.[0] : undefined);
const maybeCents = (euros: number | null | undefined) =>
  euros === null || euros === undefined ? undefined : Math.round(euros * 100);

/** Whole cents; nothing said is nothing. */
export const centsOf = (euros: number | null | undefined): number => maybeCents(euros) ?? 0;

/** Adds up. */
export const sum = <T>(rows: readonly T[], amount: (row: T) => number): number =>
  rows.reduce((total, row) => total + amount(row), 0);

/** Whether decree 2025-585 applies to a contract concluded that day. */
export const underDecree = (conclusion: string): boolean => conclusion >= '2025-07-01';

/** The term of the contract; the part is shown as the OPCO sends it. */
export function termOf({ cerfa: { contrat } }: Dossier): ContractTerm {
  const part = (contrat ?? {}) as Readonly<Record<string, unknown>>;
  return {
    conclusion: dayIn(part['dateConclusion']),
    start: dayIn(part['dateDebutContrat']),
    end: dayIn(part['dateRupture']) ?? dayIn(part['dateFinContrat']),
  };
}

/** The instalments in the order of the answer; an empty list while the dossier is not examined. */
export function instalmentsOf(dossier: Dossier): readonly Instalment[] {
  const contractStart = termOf(dossier).start;
  return (dossier.echeances ?? []).map((each, at) => ({
    ...{ pointer: `/echeances/${at}`, numero: each.numero, contractStart },
    opens: dayIn(each.dateOuverture),
    from: dayIn(each.dateDebut),
    total: centsOf(each.montantTotal),
    teaching: maybeCents(each.dontMontantPedagogie),
    uplift: maybeCents(each.dontMajorationRqth),
    paid: centsOf(each.montantRegle),
    pending: centsOf(each.montantEnCoursInstruction),
  }));
}
