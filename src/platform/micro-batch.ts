import { fail } from '../core/errors.js';

/** How much goes into one batch, and how much may wait for one. */
export interface BatchLimits {
  readonly rows: number;
  readonly bytes: number;
  /** Batches under way at the same time; what comes meanwhile gathers for the next one. */
  readonly inFlight: number;
  /** Items that wait; one more is refused. */
  readonly waitingRows: number;
  /** Their bytes; an item is refused that would go beyond, unless it is alone. */
  readonly waitingBytes: number;
}

/** What one waiting item is like. */
export interface BatchTraits<Item> {
  bytesOf(item: Item): number;
  /** Two items with the same key never share a batch. */
  keyOf(item: Item): string;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what is asked at the same moment into one call. A lone item leaves at the end of the tick; under load batches grow
 * by themselves while earlier ones are under way, so that waiting time is never bought for nothing.
 *
 *     add ──▶ waiting ──taken──▶ under way ──▶ resolved | rejected
 *      │         └─ withdrawn (signal): never runs
 *      └─ too much waits: OVERLOADED
 */
export class MicroBatch<Item, Result> {
  readonly #waiting = new Set<Waiting<Item, Result>>();
  #waitingBytes = 0;
  #inFlight = 0;
  #scheduled = false;

  constructor(
    private readonly limits: BatchLimits,
    private readonly traits: BatchTraits<Item>,
    /** One result an item, in order. */
    private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>,
  ) {}

  /** Throws 503 OVERLOADED at once when too much waits. `signal` withdraws what no batch has taken yet, and rejects with its reason. */
  add(item: Item, signal?: AbortSignal): Promise<Result> {
    const bytes = this.traits.bytesOf(item);
    this.#refuseOverload(bytes);
    return new Promise((resolve, reject) => {
      const waiting = { item, bytes, resolve, reject };
      this.#waiting.add(waiting);
      this.#waitingBytes += bytes;
      signal?.addEventListener('abort', () => {
        if (this.#leave(waiting)) reject(signal.reason);
      });
      this.#schedule();
    });
  }

  #refuseOverload(bytes: number): void {
    const { waitingRows, waitingBytes } = this.limits;
    const rows = this.#waiting.size;
    if (rows === 0 || (rows < waitingRows && this.#waitingBytes + bytes <= waitingBytes)) return;
    throw fail('OVERLOADED', {
      detail: "Trop de demandes attendent d'être enregistrées ; renvoyez celle-ci dans quelques secondes.",
      retryAfterSeconds: 5,
    });
  }

  #leave(waiting: Waiting<Item, Result>): boolean {
    if (!this.#waiting.delete(waiting)) return false;
    this.#waitingBytes -= waiting.bytes;
    return true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.size === 0 || this.#inFlight >= this.limits.inFlight) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const batch = this.#take();
      if (batch.length === 0) return;
      void this.#send(batch);
      this.#schedule();
    });
  }

  #take(): Waiting<Item, Result>[] {
    const taken: Waiting<Item, Result>[] = [];
    const keys = new Set<string>();
    let bytes = 0;
    for (const each of this.#waiting) {
      if (taken.length >= this.limits.rows) break;
      const key = this.traits.keyOf(each.item);
      const fits = taken.length === 0 || bytes + each.bytes <= this.limits.bytes;
      if (fits && !keys.has(key)) {
        taken.push(each);
        bytes += each.bytes;
        this.#leave(each);
      }
      keys.add(key);
    }
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
