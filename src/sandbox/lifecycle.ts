import { between, pick, type Dice } from './chance.js';
import type { Contrat } from './contrat.js';
import { dayOf } from './paris-days.js';

const dayMs = 86_400_000;

/** The states of norm.md 3.6, in the norm's spelling. */
export const etatsDossier = [
  'TRANSMIS',
  'EN_COURS_INSTRUCTION',
  'ENGAGE',
  'ANNULE',
  'REFUSE',
  'RUPTURE',
  'SOLDE',
] as const;
/** One of them. */
export type EtatDossier = (typeof etatsDossier)[number];

/**
 * When a dossier changes state, in virtual milliseconds, fixed when it comes in: the state is a function of the instant
 * alone, so that no event is missed or late however large the clock's steps are.
 *
 *     TRANSMIS ──▶ EN_COURS_INSTRUCTION ──▶ ENGAGE | REFUSE | ANNULE        (`decisionAt`)
 *                                             └──▶ RUPTURE | ANNULE | SOLDE  (`endAt`)
 *     SOLDE comes when the last instalment is paid after the end (`settledAt` of the dossier), else when the balance is
 *     lost. Any of them ──control call──▶ a state that the test chose, for good.
 */
export interface Lifecycle {
  readonly instructionAt: number;
  readonly decisionAt: number;
  readonly decision: 'ENGAGE' | 'REFUSE' | 'ANNULE';
  /** Why it was not engaged, or how it ended; empty where there is nothing to say. */
  readonly motif: string;
  readonly endAt: number;
  readonly end: 'RUPTURE' | 'SOLDE' | 'ANNULE';
}

/** How long an OPCO takes: days at least and at most, drawn for each dossier. No real figures are known. */
export interface Pace {
  readonly instruction: readonly [number, number];
  readonly decision: readonly [number, number];
}

/** An OPCO decides within twenty days of the complete file, and its silence is a refusal (norm.md 3.9). */
export const legalDays = 20;

const refus = [
  'Formation non éligible à une prise en charge.',
  "Âge de l'apprenti : dérogation absente.",
  "Maître d'apprentissage : ancienneté ou diplôme insuffisants.",
  'Rémunération inférieure au minimum légal.',
  'Convention de formation absente.',
] as const;
const silence = `Silence gardé pendant ${legalDays} jours : refus implicite.`;
const annule = "Dossier annulé à la demande de l'employeur.";
const notStarted = "Contrat annulé : l'apprenti ne s'est pas présenté.";
const balanceLost = 'Solde non facturé dans les quatre mois : perdu.';

/** Who is born, and when it came in. */
export interface Birth {
  /** Thrown for this dossier; the first six decide its life. */
  readonly dice: Dice;
  readonly depositedAt: number;
  readonly pace: Pace;
  readonly contrat: Contrat;
}

/** Draws a life. Of a hundred: 2 cancelled, 8 refused, 90 engaged; of those 2 cancelled and 12 broken. */
export function drawLife(birth: Birth): Lifecycle {
  const { depositedAt, pace } = birth;
  const [first, second, fate] = birth.dice;
  const instructionAt = depositedAt + between(pace.instruction, first) * dayMs;
  const usual = instructionAt + between(pace.decision, second) * dayMs;
  const never = { endAt: Infinity, end: 'SOLDE' } as const;
  if (fate < 0.02) return { instructionAt, decisionAt: usual, decision: 'ANNULE', motif: annule, ...never };
  if (fate < 0.03)
    return {
      instructionAt,
      decisionAt: depositedAt + legalDays * dayMs,
      decision: 'REFUSE',
      motif: silence,
      ...never,
    };
  if (fate < 0.1) {
    const motif = pick(refus, (fate - 0.03) / 0.07);
    return { instructionAt, decisionAt: usual, decision: 'REFUSE', motif, ...never };
  }
  return { instructionAt, decisionAt: usual, decision: 'ENGAGE', ...drawEnd(birth, usual) };
}

/** How an engaged contract ends: half of the terminations fall into its first 45 days, the trial period. */
function drawEnd({ dice, contrat }: Birth, engagedAt: number): Pick<Lifecycle, 'endAt' | 'end' | 'motif'> {
  const [, , , fate, when, early] = dice;
  if (fate < 0.02) {
    const endAt = engagedAt + Math.ceil(1 + when * 30 * dayMs);
    return { endAt, end: 'ANNULE', motif: notStarted };
  }
  if (fate < 0.14) {
    const span = early < 0.5 ? 45 * dayMs : contrat.overAt - contrat.debutAt;
    const inContract = contrat.debutAt + Math.floor(when * span);
    // A contract that was sent late is not broken the moment it is engaged.
    const endAt = inContract > engagedAt + dayMs ? inContract : engagedAt + Math.floor((1 + when * 40) * dayMs);
    if (endAt < contrat.overAt) return { endAt, end: 'RUPTURE', motif: rupture(dayOf(new Date(endAt).toISOString())) };
  }
  return { endAt: Math.max(contrat.closesAt, engagedAt + 120 * dayMs), end: 'SOLDE', motif: balanceLost };
}

/** How an OPCO words a termination. */
export const rupture = (day: string | undefined) => `Contrat rompu le ${day}.`;

/** When an engaged life ends: at the last payment where there is one, for nothing is lost then. */
const endOf = ({ end, endAt }: Lifecycle, settledAt: number | undefined): number =>
  end === 'SOLDE' ? (settledAt ?? endAt) : endAt;

/** The state at a virtual instant; `settledAt` is when everything has been paid, undefined until that is known. */
export function stateAt(life: Lifecycle, now: number, settledAt?: number): EtatDossier {
  if (now < life.instructionAt) return 'TRANSMIS';
  if (now < life.decisionAt) return 'EN_COURS_INSTRUCTION';
  if (life.decision !== 'ENGAGE') return life.decision;
  return now < endOf(life, settledAt) ? 'ENGAGE' : life.end;
}

/** Why it is in its state; empty while there is nothing to explain. */
export function motifAt(life: Lifecycle, now: number, settledAt?: number): string {
  if (now < life.decisionAt) return '';
  if (life.decision === 'ENGAGE' && now < endOf(life, settledAt)) return '';
  return life.decision === 'ENGAGE' && life.end === 'SOLDE' && settledAt !== undefined ? '' : life.motif;
}

/** The next instant at which the state changes; Infinity once it is final. */
export function nextChange(life: Lifecycle, now: number, settledAt?: number): number {
  if (now < life.instructionAt) return life.instructionAt;
  if (now < life.decisionAt) return life.decisionAt;
  const endAt = endOf(life, settledAt);
  return life.decision === 'ENGAGE' && now < endAt ? endAt : Infinity;
}
