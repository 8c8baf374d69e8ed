import { contratOf } from './contrat.js';
import type { Couts } from './couts.js';
import type { Dialect } from './dialect.js';
import type { Dirt } from './dirt.js';
import { motifAt, nextChange, stateAt, type Lifecycle } from './lifecycle.js';
import { dayOf } from './paris-days.js';

/** A contract that an OPCO holds. `cerfa` is as it was sent, in the norm's words. */
export interface SandboxDossier {
  readonly numeroInterne: string;
  readonly numeroExterne: string;
  readonly numeroDeca: string;
  readonly cerfa: Readonly<Record<string, unknown>>;
  readonly life: Lifecycle;
  /** What is wrong with the way the OPCO shows it. */
  readonly dirt?: Dirt | undefined;
  /** Instalments that opened before this virtual instant were paid before the CFA had an API. */
  readonly paidBefore?: number;
  /** Its CFA was active for less than six months when the contract began. */
  readonly newCfa?: boolean;
  /** What its last convention told of the costs. */
  couts?: Couts;
  /** When all of it is paid, virtual; undefined until every instalment has been billed. */
  settledAt?: number | undefined;
  /** Set by a termination or a control call; overrides the life. */
  forced?: { readonly etat: string; readonly commentaire: string; readonly dateRupture?: string };
}

/** The state of a dossier in the norm's spelling. */
export function plainEtat({ forced, life, settledAt }: SandboxDossier, now: number): string {
  return forced?.etat ?? stateAt(life, now, settledAt);
}

/** The state of a dossier as this OPCO spells it; a dirty one has the misspelling of the norm's first list. */
export function etatOf(dossier: SandboxDossier, dialect: Dialect, now: number): string {
  const etat = plainEtat(dossier, now);
  const spelled = etat === 'RUPTURE' ? (dossier.dirt === 'etat' ? 'RUTPURE' : dialect.rupture) : etat;
  return dossier.dirt === 'etat' ? `${spelled} ` : spelled;
}

/** Why it is in its state; empty where the OPCO says nothing. */
export function commentaireOf({ forced, life, settledAt }: SandboxDossier, now: number): string {
  return forced?.commentaire ?? motifAt(life, now, settledAt);
}

/** The day of its termination, for a dossier in RUPTURE whose day is known. */
export function dateRupture(dossier: SandboxDossier, now: number): string | undefined {
  if (plainEtat(dossier, now) !== 'RUPTURE') return undefined;
  if (dossier.forced) return dossier.forced.dateRupture;
  return dayOf(new Date(dossier.life.endAt).toISOString());
}

/** The next instant at which its row in a list changes by itself. */
export function nextEtat({ forced, life, settledAt }: SandboxDossier, now: number): number {
  return forced ? Infinity : nextChange(life, now, settledAt);
}

/** Its contract as far as life and money depend on it. */
export const contratDe = ({ cerfa }: SandboxDossier) => contratOf(cerfa);
