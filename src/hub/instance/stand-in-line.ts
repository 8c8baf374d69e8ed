import type { TrafficClass } from '../../core/exchange.js';
import type { Asking, PermitDecision } from '../../core/permits.js';
import type { Timers } from '../timers.js';
import type { Ask, Waiting } from './waiting.js';

/** What standing in line needs of whoever keeps it. */
export interface LineKeeper {
  readonly waiting: Waiting;
  readonly timers: Timers;
  /** Others wait than before. */
  changed(): void;
  granted(): PermitDecision;
  /** What somebody is told whose patience is over. */
  refused(): PermitDecision;
}

/** Waits until a permit is granted, the patience is over or the caller leaves. */
export function standInLine(keeper: LineKeeper, lane: TrafficClass, asking: Asking): Promise<PermitDecision> {
  const { tenant, weight = 1, patienceMs, signal } = asking;
  return new Promise((resolve) => {
    const end = (decision: PermitDecision) => {
      callOff();
      signal?.removeEventListener('abort', giveUp);
      resolve(decision);
    };
    const ask: Ask = { lane, tenant, weight, granted: () => end(keeper.granted()) };
    const giveUp = () => {
      if (!keeper.waiting.remove(ask)) return;
      keeper.changed();
      end(keeper.refused());
    };
    const callOff = keeper.timers.after(patienceMs, giveUp);
    signal?.addEventListener('abort', giveUp, { once: true });
    keeper.waiting.add(ask);
    keeper.changed();
  });
}
