import { between, chance, dice, pick } from './chance.js';
import { identifier, type Dialect } from './dialect.js';
import type { SandboxDossier } from './dossier.js';
import type { KeptFile } from './form.js';
import { dayOf } from './paris-days.js';

/** The natures of norm.md 3.11. */
export const naturesLigne = [
  'PEDAGOGIE',
  'PREMIEREQUIPEMENT',
  'MOBILITE',
  'HEBERGEMENT',
  'RESTAURATION',
  'MAJORATION_RQTH',
] as const;
/** What a line bills. */
export type NatureLigne = (typeof naturesLigne)[number];

/** One line that was taken. */
export interface SandboxLigne {
  readonly dossier: SandboxDossier;
  readonly cents: number;
  readonly nature: NatureLigne;
  readonly numeroEcheance: number;
}

/**
 * An invoice that an OPCO holds, and its life in virtual time, fixed when it comes in.
 *
 *     TRANSMISE ──1..3 days──▶ EN_COURS_INSTRUCTION ──3..12 days──▶ REGLE, with a transfer, or REJETEE (four in a hundred)
 *        any of them ──control call──▶ a state that the test chose, for good; REJETEE and ANNULEE free what was billed
 */
export interface SandboxFacture {
  readonly numeroInterneFacture: string;
  readonly numeroInterneDocument: string;
  /** The CFA's own number, or the one that was given where it sent none. */
  readonly reference: string;
  readonly cents: number;
  readonly siret: string;
  readonly iban: string;
  readonly lignes: readonly SandboxLigne[];
  readonly file: KeptFile;
  readonly instructionAt: number;
  /** When it is paid or rejected. */
  readonly decidedAt: number;
  /** Why it is rejected; undefined for one that is paid. */
  readonly rejet: string | undefined;
  readonly referenceVirement: string;
  /** Set by a control call; overrides the life. */
  forced?: { readonly etat: string; readonly commentaire: string };
}

const dayMs = 86_400_000;

const rejets = [
  'IBAN inconnu de nos services.',
  'Certificat de réalisation illisible.',
  'Pièce jointe non conforme.',
] as const;

/** Draws the life of an invoice from the seed. */
export function drawPayment(seed: string, name: string, receivedAt: number) {
  const [first, second, whether, why] = dice(seed, name, 'facture');
  const instructionAt = receivedAt + between([1, 3], first) * dayMs;
  const decidedAt = instructionAt + between([3, 12], second) * dayMs;
  const referenceVirement = `VIR${String(Math.floor(chance(seed, name, 'virement') * 1e10)).padStart(10, '0')}`;
  return { instructionAt, decidedAt, rejet: whether < 0.04 ? pick(rejets, why) : undefined, referenceVirement };
}

/** The state of an invoice at a virtual instant. */
export function etatFacture({ forced, instructionAt, decidedAt, rejet }: SandboxFacture, now: number): string {
  if (forced) return forced.etat;
  if (now < instructionAt) return 'TRANSMISE';
  if (now < decidedAt) return 'EN_COURS_INSTRUCTION';
  return rejet === undefined ? 'REGLE' : 'REJETEE';
}

/** The next instant at which its state changes by itself. */
export function nextPayment({ forced, instructionAt, decidedAt }: SandboxFacture, now: number): number {
  if (forced || now >= decidedAt) return Infinity;
  return now < instructionAt ? instructionAt : decidedAt;
}

/** What has been billed on a dossier: cents in instruction, and cents paid. */
export interface Billed {
  readonly enCours: number;
  readonly regle: number;
}

/** The lines of a dossier that match, summed; a rejected or cancelled invoice counts for nothing. */
export function billedOn(
  factures: readonly SandboxFacture[],
  now: number,
  matches: (ligne: SandboxLigne) => boolean,
): Billed {
  let enCours = 0;
  let regle = 0;
  for (const facture of factures) {
    const etat = etatFacture(facture, now);
    if (etat === 'REJETEE' || etat === 'ANNULEE') continue;
    const cents = facture.lignes.filter(matches).reduce((sum, ligne) => sum + ligne.cents, 0);
    if (etat === 'REGLE') regle += cents;
    else enCours += cents;
  }
  return { enCours, regle };
}

/** A row of `GET v2/factures/etats` (norm.md 3.10). */
export function factureRow(facture: SandboxFacture, dialect: Dialect, now: number): unknown {
  const etat = etatFacture(facture, now);
  const paid = etat === 'REGLE';
  const montants = new Map<SandboxDossier, number>();
  for (const { dossier, cents } of facture.lignes) montants.set(dossier, (montants.get(dossier) ?? 0) + cents);
  return {
    numeroInterneFacture: identifier(dialect, facture.numeroInterneFacture),
    referenceFactureCFA: facture.reference,
    montantFacture: facture.cents / 100,
    etatFacture: etat,
    referenceVirement: paid ? facture.referenceVirement : null,
    dateReglement: paid ? dialect.instant(dayOf(new Date(facture.decidedAt).toISOString()) ?? '') : null,
    commentaire: facture.forced?.commentaire ?? (etat === 'REJETEE' ? facture.rejet : null),
    organismeFormation: { siret: facture.siret, IBAN: facture.iban },
    dossiers: [...montants].map(([dossier, cents]) => ({
      numeroInterneDossier: identifier(dialect, dossier.numeroInterne),
      numeroExterneDossier: dossier.numeroExterne,
      montant: cents / 100,
    })),
  };
}
