import type { Lane } from './fair/classes.js';

/** The version of the messages below; a hub and an instance of different versions do not talk. */
export const protocolVersion = 1;

/** So many calls that an instance wants for one tenant in one class, or gives back. */
export interface Wanted {
  readonly lane: Lane;
  /** The tenant's hash. */
  readonly tenant: string;
  /** Its weight against the other tenants, 0.1 to 100. */
  readonly weight: number;
  readonly calls: number;
}

/** What became of calls of one tenant since the last report, all told; a 429 is reported at once and alone. */
export interface Became {
  readonly tenant: string;
  readonly accepted: number;
  readonly failed: number;
  readonly throttled: number;
  /** Mean milliseconds of the answers. */
  readonly ms?: number;
  /** What a 429 asked for. */
  readonly retryAfterMs?: number;
  /** The rate fields of the latest answer, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an instance says. `confirms` is the number of the latest word of the hub that it has heard. */
export type ToHub =
  | {
      readonly type: 'hello';
      readonly v: number;
      /** Must be the subject of the token. */
      readonly instance: string;
      /** The instance's monotonic milliseconds: given back with the lease, never compared with a clock of the hub. */
      readonly at: number;
      /** What it still holds of an earlier lease. */
      readonly held: { readonly share: number; readonly leftMs: number; readonly known: boolean };
      /** The highest epoch that it has heard of: a hub of an older one is no longer the hub. */
      readonly epoch: number;
    }
  /**
   * All that the instance wants of one budget, all told: replaces what it said before. `heard` is the number of the latest word that
   * it had heard: what the hub has granted by later ones is still in these wants, and taken off by the hub.
   */
  | { readonly type: 'lease'; readonly budget: string; readonly wants: readonly Wanted[]; readonly heard?: number }
  | { readonly type: 'renew'; readonly at: number; readonly confirms: number }
  /** Permits that were granted and are not used. */
  | { readonly type: 'release'; readonly budget: string; readonly calls: number }
  /** `ahead`: how many of the permits in store were used or thrown away since the last report. */
  | { readonly type: 'report'; readonly budget: string; readonly became: readonly Became[]; readonly ahead: number }
  /** The instance ends: it makes no call any more and gives its lease back. */
  | { readonly type: 'leave' }
  | { readonly type: 'ping' };

/** Permits for a tenant of a class; `tenant` is empty for what is taken in store. */
export interface Granted {
  readonly lane: Lane;
  readonly tenant: string;
  readonly calls: number;
}

/** What is known of a budget: what an instance goes by while it is alone, and what it tells its callers. */
export interface BudgetWord {
  readonly budget: string;
  /** Calls a second that the OPCO is believed to bear. */
  readonly rate: number;
  readonly burst: number;
  readonly pausedMs: number;
  /** Milliseconds after which a call of each class may be granted, all that wait elsewhere having had theirs. */
  readonly waitMs: Readonly<Record<Lane, number>>;
  /** The same for who goes first of all: for less nobody need stand in line. */
  readonly leastMs?: Readonly<Record<Lane, number>>;
  /** Tenants that the OPCO refuses alone, and for how many milliseconds. */
  readonly ofOne: Readonly<Record<string, number>>;
}

/** What the hub says. Words are numbered within an epoch, in the order in which they were said. */
export type FromHub = { readonly epoch: number; readonly n: number } & (
  | { readonly type: 'lease'; readonly share: number; readonly askedAt: number }
  /** Permits, for the wants that were told. */
  | { readonly type: 'grant'; readonly budget: string; readonly granted: readonly Granted[] }
  | { readonly type: 'limits'; readonly budgets: readonly BudgetWord[] }
  /** The instance has nothing any more and is not welcome. */
  | { readonly type: 'revoke'; readonly reason: string }
  | { readonly type: 'error'; readonly code: string }
  | { readonly type: 'ping' }
);
