/** What somebody wants of something scarce; both in the same unit as what there is, the weight without unit. */
export interface Claim {
  readonly demand: number;
  readonly weight: number;
}

/**
 * Shares by max-min fairness with weights: nobody gets more than it wants, what somebody leaves goes to the others by weight, and
 * nobody's share can grow without shrinking one that is smaller by weight. In the order of the claims.
 */
export function maxMinShares(capacity: number, claims: readonly Claim[]): number[] {
  const shares = claims.map(() => 0);
  const byNeed = claims
    .map(({ demand, weight }, rank) => ({ rank, demand: Math.max(0, demand), weight: Math.max(1e-9, weight) }))
    .sort((a, b) => a.demand / a.weight - b.demand / b.weight);
  let left = Math.max(0, capacity);
  let weights = byNeed.reduce((sum, { weight }) => sum + weight, 0);
  for (const { rank, demand, weight } of byNeed) {
    const share = Math.min(demand, (left * weight) / weights);
    shares[rank] = share;
    left = Math.max(0, left - share);
    weights = Math.max(1e-9, weights - weight);
  }
  return shares;
}

/** Jain's index of fairness: 1 when all are equal, 1/n when one has everything. */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}
