/** The window of every inbound limit, in seconds; a limit is a number of requests per window. */
export const windowSeconds = 60;

/**
 * One request, in the integer unit in which all levels are kept, here and in Redis: a limit of N a minute drains N units a
 * microsecond, so nothing is ever rounded.
 */
export const requestUnits = windowSeconds * 1_000_000;

/** Requests of which a bucket has room, when `debt` units of it are taken; never negative. */
export function roomIn(perMinute: number, debt: number): number {
  return Math.max(0, Math.floor((perMinute * requestUnits - debt) / requestUnits));
}

/** Seconds, to the microsecond, until a bucket with `debt` units taken has room for one request; 0 when it has. */
export function waitFor(perMinute: number, debt: number): number {
  return Math.max(0, Math.ceil((debt + requestUnits - perMinute * requestUnits) / perMinute)) / 1_000_000;
}

/** How far one bucket is drawn, as this process last heard or as it decides alone: what is taken (`debt`) drains by time. */
export class Level {
  #debt = 0;
  #asOf = 0;

  constructor(readonly perMinute: number) {}

  /** Requests that still fit, as of the last word; grows only with news or when drained. */
  get room(): number {
    return roomIn(this.perMinute, this.#debt);
  }

  /** Seconds until one request fits, as of the last word. */
  get waitSeconds(): number {
    return waitFor(this.perMinute, this.#debt);
  }

  /** Requests taken and not yet drained, rounded up. */
  get taken(): number {
    return Math.ceil(this.#debt / requestUnits);
  }

  /** Believes what Redis said; `now` in monotonic milliseconds. */
  set(debt: number, now: number): void {
    this.#debt = debt;
    this.#asOf = now;
  }

  /** Lets the time since the last word count. */
  drain(now: number): void {
    this.#debt = Math.max(0, this.#debt - Math.max(0, now - this.#asOf) * 1000 * this.perMinute);
    this.#asOf = now;
  }

  /** Takes the room of some requests, whether or not there is any. */
  take(requests: number): void {
    this.#debt = Math.min(this.#debt + requests * requestUnits, this.perMinute * requestUnits);
  }
}
