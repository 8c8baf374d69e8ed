/** How much goes into one batch. */
export interface BatchLimits {
  readonly rows: number;
  readonly bytes: number;
  /** Batches under way at the same time; what comes meanwhile gathers for the next one. */
  readonly inFlight: number;
}

/** What one waiting item is like. */
export interface BatchTraits<Item> {
  bytesOf(item: Item): number;
  /** Two items with the same key never share a batch. */
  keyOf(item: Item): string;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what is asked at the same moment into one call. A lone item leaves at the end of the tick; under load batches grow
 * by themselves while earlier ones are under way, so that waiting time is never bought for nothing.
 */
export class MicroBatch<Item, Result> {
  #waiting: Waiting<Item, Result>[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(
    private readonly limits: BatchLimits,
    private readonly traits: BatchTraits<Item>,
    /** One result an item, in order. */
    private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>,
  ) {}

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0 || this.#inFlight >= this.limits.inFlight) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#send(this.#take());
      this.#schedule();
    });
  }

  #take(): Waiting<Item, Result>[] {
    const taken: Waiting<Item, Result>[] = [];
    const left: Waiting<Item, Result>[] = [];
    const keys = new Set<string>();
    let bytes = 0;
    for (const each of this.#waiting) {
      const key = this.traits.keyOf(each.item);
      const size = this.traits.bytesOf(each.item);
      const fits = taken.length === 0 || (taken.length < this.limits.rows && bytes + size <= this.limits.bytes);
      if (fits && !keys.has(key)) {
        taken.push(each);
        bytes += size;
      } else left.push(each);
      keys.add(key);
    }
    this.#waiting = left;
    return taken;
  }

  async #send(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#inFlight++;
    try {
      const results = await this.run(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#inFlight--;
      this.#schedule();
    }
  }
}
