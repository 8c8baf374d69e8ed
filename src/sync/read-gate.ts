/**
 * How many reads of one OPCO all synchronisations of this process make at a time; who waits longest goes first, so that
 * tenants take turns.
 */
export class ReadGate {
  readonly #inside = new Map<string, number>();
  readonly #lines = new Map<string, (() => void)[]>();

  constructor(private readonly width: number) {}

  /** Runs the work once there is room for it at this OPCO. */
  async through<T>(opcoId: string, work: () => Promise<T>): Promise<T> {
    await this.#enter(opcoId);
    try {
      return await work();
    } finally {
      this.#leave(opcoId);
    }
  }

  #enter(opcoId: string): Promise<void> | undefined {
    const inside = this.#inside.get(opcoId) ?? 0;
    if (inside < this.width) {
      this.#inside.set(opcoId, inside + 1);
      return undefined;
    }
    const line = this.#lines.get(opcoId) ?? [];
    this.#lines.set(opcoId, line);
    return new Promise((resolve) => line.push(resolve));
  }

  /** The place passes to the next in line, or is free. */
  #leave(opcoId: string): void {
    const next = this.#lines.get(opcoId)?.shift();
    if (next) next();
    else this.#inside.set(opcoId, (this.#inside.get(opcoId) ?? 1) - 1);
  }
}
