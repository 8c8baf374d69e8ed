/**
 * Tells this process that events were committed, so that nobody waits for the next tick. A hint only: whoever misses it
 * is served by the tick.
 */
export class CommitSignal {
  readonly #listeners = new Set<() => void>();

  /** To be called after the commit of a transaction that appended events. */
  announce(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Calls back at each announcement; the answer ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
