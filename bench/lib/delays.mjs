const minutes = 60 * 24 * 60;

/** How long changes waited, by kind, to the minute; sixty days at most. */
export class Delays {
  #counts;

  constructor(kinds) {
    this.#counts = kinds.map(() => new Uint32Array(minutes));
    this.sums = kinds.map(() => 0);
  }

  add(kind, days) {
    this.#counts[kind][Math.min(minutes - 1, Math.floor(days * 24 * 60))]++;
    this.sums[kind] += days;
  }

  /** Of these kinds together: how many, the mean and the percentiles in hours. */
  of(kinds) {
    const all = new Float64Array(minutes);
    for (const kind of kinds) for (const [minute, count] of this.#counts[kind].entries()) all[minute] += count;
    const count = all.reduce((sum, each) => sum + each, 0);
    const hours = (share) => {
      let left = count * share;
      return all.findIndex((each) => (left -= each) <= 0) / 60;
    };
    const mean = (kinds.reduce((sum, kind) => sum + this.sums[kind], 0) / Math.max(1, count)) * 24;
    return { count, mean, p50: hours(0.5), p95: hours(0.95), p99: hours(0.99) };
  }
}
