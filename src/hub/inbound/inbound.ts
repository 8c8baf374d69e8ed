/** Which of the two limits a request ran into: that of the CFA over all its keys, or that of the one key. */
export type LimitKind = 'tenant' | 'key';

/** Requests per minute, at least 1; the whole minute's worth may come at once. */
export type InboundQuota = Readonly<Record<LimitKind, number>>;

/** What became of one request at the door. */
export interface InboundDecision {
  /** Requests that would still be let in, by limit; drops by one a request at most, unless other instances take too. */
  readonly remaining: Readonly<Record<LimitKind, number>>;
  /** Absent when the request is let in. `waitSeconds` has fractions: after it, and no later, a request is let in. */
  readonly refusal?: { readonly by: LimitKind; readonly waitSeconds: number };
}
