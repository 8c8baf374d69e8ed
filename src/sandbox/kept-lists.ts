/** What a kept list is made of: how many rows there are, and when the first of them changes by itself. */
export interface ListSource {
  size(): number;
  /** Virtual milliseconds; Infinity when nothing changes any more. */
  nextChange(now: number): number;
}

/**
 * Lists written to bytes once and kept until a row is added or changes: a reader that polls costs no serialisation.
 *
 *     made at t ──same bytes──▶ next change of a row, one row more, or `forget()` ──▶ made again when asked
 */
export class KeptLists {
  #lists = new Map<string, Buffer>();
  #from = 0;
  #until = 0;
  #size = -1;

  constructor(private readonly source: ListSource) {}

  get(name: string, now: number, make: () => unknown): Buffer {
    if (now >= this.#until || now < this.#from || this.#size !== this.source.size()) this.#renew(now);
    const kept = this.#lists.get(name);
    if (kept) return kept;
    const made = Buffer.from(JSON.stringify(make()));
    this.#lists.set(name, made);
    return made;
  }

  /** Must follow a change that no life tells. */
  forget(): void {
    this.#size = -1;
  }

  #renew(now: number): void {
    this.#lists.clear();
    this.#size = this.source.size();
    this.#from = now;
    this.#until = this.source.nextChange(now);
  }
}
