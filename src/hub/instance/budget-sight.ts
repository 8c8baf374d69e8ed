import type { BudgetSize } from '../central/sizes.js';
import type { BudgetWord } from '../messages.js';

/** What an instance knows of a budget at this moment. */
export interface BudgetSight {
  /** Calls a second that the OPCO is believed to bear, and how many at once. */
  readonly rate: number;
  readonly burst: number;
  /** For how long the OPCO asked to be left alone. */
  readonly pausedSeconds: number;
  /** Tenants that the OPCO refuses at their own key, and how long each has to wait. */
  readonly ofOne: readonly { readonly tenant: string; readonly waitSeconds: number }[];
}

/** What a hub has said of it. */
export function sightOf({ rate, burst, pausedMs, ofOne }: BudgetWord): BudgetSight {
  const waits = Object.entries(ofOne).map(([tenant, ms]) => ({ tenant, waitSeconds: ms / 1000 }));
  return { rate, burst, pausedSeconds: pausedMs / 1000, ofOne: waits };
}

/** Nothing has been heard of it yet but what was declared. */
export function unseen({ rate, burst }: BudgetSize): BudgetSight {
  return { rate, burst, pausedSeconds: 0, ofOne: [] };
}
