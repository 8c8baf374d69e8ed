/** Counts by name, and their sum. */
export class Tally {
  readonly #counts = new Map<string, number>();
  #total = 0;

  constructor(counts: Iterable<readonly [string, number]> = []) {
    for (const [name, count] of counts) this.add(name, count);
  }

  get total(): number {
    return this.#total;
  }

  get names(): Iterable<string> {
    return this.#counts.keys();
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(name: string, count = 1): void {
    this.#counts.set(name, this.of(name) + count);
    this.#total += count;
  }
}
