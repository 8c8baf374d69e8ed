import type { Exchange, Slot } from './exchange.js';

/** The ten names, in order: what a reader sees as folder names under `src/pipeline/`. */
export const stageNames = [
  'resolve-adapter',
  'validate-request',
  'read-cache',
  'rate-limit',
  'transform-request',
  'call',
  'transform-response',
  'validate-response',
  'write-cache',
  'record',
] as const;

/** The name of one of the ten stages. */
export type StageName = (typeof stageNames)[number];

/** One room of the pipeline. It acts on the way in only, and speaks to other rooms through the slots of the exchange. */
export interface Stage {
  readonly name: StageName;
  /** Slots that an earlier stage must have written. */
  readonly reads: readonly Slot[];
  /** Slots that this stage, and no other, writes. */
  readonly writes: readonly Slot[];
  /** Runs also when the exchange is already settled. */
  readonly always?: true;
  run(exchange: Exchange): void | Promise<void>;
}

/** Moves the exchange one stage on; a promise only where the stage itself waits. Never throws: a failure settles the exchange. */
export function advance(stage: Stage, exchange: Exchange): void | Promise<void> {
  if (exchange.settled && !stage.always) return;
  const begun = exchange.clock.elapsed();
  let waiting: void | Promise<void> = undefined;
  try {
    waiting = stage.run(exchange);
  } catch (error) {
    exchange.fail(error);
  }
  const note = () => void exchange.timings.push([stage.name, exchange.clock.elapsed() - begun]);
  if (!waiting) return note();
  return waiting.catch((error: unknown) => exchange.fail(error)).then(note);
}
