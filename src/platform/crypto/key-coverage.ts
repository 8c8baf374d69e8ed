/** Whether the key ring holds every key that still seals something. */
export interface KeyCoverage {
  /** Ids of keys that seal stored values and are not in the ring; empty when all can be opened. */
  missing(): Promise<readonly string[]>;
}

/** The injected `KeyCoverage`. */
export const KEY_COVERAGE = Symbol('KEY_COVERAGE');
