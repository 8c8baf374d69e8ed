import type { TenantHash } from '../core/tenant.js';

/** What the clock knows of a dossier, as its row holds it. */
export interface Observed {
  /** Changes that were seen, and that were expected, both fading. */
  readonly changes: number;
  readonly exposure: number;
  /** The root of its changes a day, as last judged. */
  readonly weight: number;
  /** Days since the detail was last read; null when it never was. */
  readonly since: number | null;
}

/** What there is to read at an OPCO. */
export interface WatchedLoad {
  /** The sum of the weights of all that is watched. */
  readonly weights: number;
  readonly watched: number;
  /** How many of them have no weight yet. */
  readonly unweighed: number;
}

/** A detail that was read just now; `rowHash` where a row of the list pointed at it. */
export interface FreshRead {
  readonly numeroInterne: string;
  readonly rowHash?: Buffer | undefined;
}

/** Whose details were read, and how long ago the reading of them began. */
export interface ReadsOf {
  readonly tenant: TenantHash;
  readonly opcoId: string;
  /** 0 where nobody else can have made them due since then. */
  readonly ageSeconds: number;
}
