/** One deposit that was given its turn. */
export interface ServedTurn {
  readonly tenant: string;
  /** Turns that its tenant has for each turn of an ordinary one. */
  readonly weight: number;
  /** The smallest debt among the tenants that were waiting. */
  readonly floor: number;
}

/**
 * What each tenant has had of late at one OPCO, in turns of weight one, beyond the one that has had least: its debt. Without this
 * memory the heaviest would win every single slot that becomes free. A debt is one round at most: however long others worked
 * alone, nobody waits more than a round for them.
 */
export class Turns {
  readonly #debts = new Map<string, number>();

  /** By tenant; who is absent owes nothing. */
  get debts(): ReadonlyMap<string, number> {
    return this.#debts;
  }

  /** Notes the turns of one look. */
  note(served: readonly ServedTurn[]): void {
    const [first] = served;
    if (!first) return;
    for (const [tenant, debt] of this.#debts) this.#owe(tenant, debt - first.floor);
    for (const { tenant, weight } of served) this.#owe(tenant, (this.#debts.get(tenant) ?? 0) + 1 / weight);
  }

  #owe(tenant: string, debt: number): void {
    if (debt <= 0) this.#debts.delete(tenant);
    else this.#debts.set(tenant, Math.min(1, debt));
  }
}
