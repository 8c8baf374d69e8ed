import { chance, drawn } from './chance.js';
import { identifier, type Dialect } from './dialect.js';
import type { SandboxDossier } from './dossier.js';
import type { KeptFile } from './form.js';

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
 *     TRANSMISE ──1..3 days──▶ EN_COURS_INSTRUCTION ──3..12 days──▶ REGLE, with a transfer
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
  readonly paidAt: number;
  readonly referenceVirement: string;
  /** Set by a control call; overrides the life. */
  forced?: { readonly etat: string; readonly commentaire: string };
}

const dayMs = 86_400_000;

/** Draws the life of an invoice from the seed. */
export function drawPayment(seed: string, name: string, receivedAt: number) {
  const instructionAt = receivedAt + drawn(1, 3, seed, name, 'instruction') * dayMs;
  const paidAt = instructionAt + drawn(3, 12, seed, name, 'paiement') * dayMs;
  const referenceVirement = `VIR${String(Math.floor(chance(seed, name, 'virement') * 1e10)).padStart(10, '0')}`;
  return { instructionAt, paidAt, referenceVirement };
}

/** The state of an invoice at a virtual instant. */
export function etatFacture({ forced, instructionAt, paidAt }: SandboxFacture, now: number): string {
  if (forced) return forced.etat;
  if (now < instructionAt) return 'TRANSMISE';
  return now < paidAt ? 'EN_COURS_INSTRUCTION' : 'REGLE';
}

/** The next instant at which its state changes by itself. */
export function nextPayment({ forced, instructionAt, paidAt }: SandboxFacture, now: number): number {
  if (forced || now >= paidAt) return Infinity;
  return now < instructionAt ? instructionAt : paidAt;
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
    dateReglement: paid ? dialect.instant(new Date(facture.paidAt).toISOString().slice(0, 10)) : null,
    commentaire: facture.forced?.commentaire ?? null,
    organismeFormation: { siret: facture.siret, IBAN: facture.iban },
    dossiers: [...montants].map(([dossier, cents]) => ({
      numeroInterneDossier: identifier(dialect, dossier.numeroInterne),
      numeroExterneDossier: dossier.numeroExterne,
      montant: cents / 100,
    })),
  };
}
