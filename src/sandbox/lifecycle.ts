import { drawn, chance } from './chance.js';

const dayMs = 86_400_000;

/**
 * When a dossier changes state, in virtual milliseconds, fixed when it comes in.
 *
 *     TRANSMIS ──1..3 days──▶ EN_COURS_INSTRUCTION ──1..3 days──▶ ENGAGE (or REFUSE for one in ten)
 *        any of them ──control call──▶ a state that the test chose, for good
 */
export interface Lifecycle {
  readonly instructionAt: number;
  readonly decisionAt: number;
  readonly refused: boolean;
}

/** Draws a life from the seed; `name` tells dossiers apart. */
export function drawLife(seed: string, name: string, depositedAt: number): Lifecycle {
  const instructionAt = depositedAt + drawn(1, 3, seed, name, 'instruction') * dayMs;
  return {
    instructionAt,
    decisionAt: instructionAt + drawn(1, 3, seed, name, 'decision') * dayMs,
    refused: chance(seed, name, 'refusal') < 0.1,
  };
}

/** The state at a virtual instant. */
export function stateAt(life: Lifecycle, now: number): 'TRANSMIS' | 'EN_COURS_INSTRUCTION' | 'ENGAGE' | 'REFUSE' {
  if (now < life.instructionAt) return 'TRANSMIS';
  if (now < life.decisionAt) return 'EN_COURS_INSTRUCTION';
  return life.refused ? 'REFUSE' : 'ENGAGE';
}

/** The next instant at which the state changes; Infinity once it is final. */
export function nextChange(life: Lifecycle, now: number): number {
  if (now < life.instructionAt) return life.instructionAt;
  return now < life.decisionAt ? life.decisionAt : Infinity;
}
