import { networkOf } from '../core/network-of.js';

/** Why somebody was not let in; the caller is told the same in every case but the last. */
export type RefusalReason = 'missing' | 'malformed' | 'unknown' | 'revoked' | 'expired' | 'suspended' | 'limited';

/** How often callers of one network were refused for one reason. */
export interface RefusedCalls {
  /** As `networkOf` shortens it, `none` when there is none, `other` for what did not fit. */
  readonly network: string;
  readonly reason: RefusalReason;
  readonly count: number;
}

/** A flood from everywhere fills this many rows, and then the one called `other` of each reason. */
const rowsAtMost = 500;

/** Counts refusals between two looks; never a key nor a hash, of the address no more than its network. */
export class RefusalTally {
  #counts = new Map<string, RefusedCalls>();

  count(reason: RefusalReason, from = ''): void {
    this.add({ network: networkOf(from) ?? 'none', reason, count: 1 });
  }

  add({ network, reason, count }: RefusedCalls): void {
    const own = `${reason} ${network}`;
    const fits = this.#counts.has(own) || this.#counts.size < rowsAtMost;
    const row = fits ? own : `${reason} other`;
    const before = this.#counts.get(row)?.count ?? 0;
    this.#counts.set(row, { network: fits ? network : 'other', reason, count: before + count });
  }

  /** What was counted since the last call. */
  take(): RefusedCalls[] {
    const rows = [...this.#counts.values()];
    this.#counts = new Map();
    return rows;
  }
}
