/** Bytes of a body from which reading it is felt: about a millisecond. */
export const heavyBytes = 128 * 1024;

/**
 * Lets heavy work begin one piece per round of the event loop: between two of them sockets and timers of everybody else are
 * served. Large bodies often end in the same round, and eight of them read in a row made PostgreSQL look dead to its pool.
 */
export class HeavyTurns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is this caller's turn; what it then does at once is its piece. */
  next(): Promise<void> {
    // Two rounds: the first may end before anything that arrived meanwhile was read.
    const turn = this.#last.then(round).then(round);
    this.#last = turn;
    return turn;
  }
}

function round(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
