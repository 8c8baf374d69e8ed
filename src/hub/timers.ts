/** Time that comes by itself: a port, so that tests and simulations own it. */
export interface Timers {
  /** Runs something once, so many milliseconds from now; gives back what calls it off. */
  after(ms: number, run: () => void): () => void;
  /** Runs something again and again, for as long as anything else keeps the process alive. */
  every(ms: number, run: () => void): () => void;
}

/** The machine's own. What has come over a line while the process stood still is heard before a wait for it is over. */
export const systemTimers: Timers = {
  after: (ms, run) => {
    let due: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => (due = setImmediate(run)), Math.ceil(ms));
    return () => {
      clearTimeout(timer);
      clearImmediate(due);
    };
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms).unref();
    return () => clearInterval(timer);
  },
};
