import type { Clock } from '../core/clock.js';

/** The last virtual instant, in milliseconds: far from where dates lose their four-digit years. */
export const endOfTime = Date.parse('9900-01-01T00:00:00Z');

/**
 * The sandbox's own time, so that a dossier lives its weeks in seconds.
 *
 *     virtual = base + (elapsed since base was set) x speed
 *     advance, set, speed: take a new base now, go on from there; time never runs on a timer, and stops at `endOfTime`
 */
export class VirtualClock {
  #base: number;
  #from: number;
  #speed: number;

  constructor(
    private readonly clock: Clock,
    speed = 1,
  ) {
    this.#base = clock.now();
    this.#from = clock.elapsed();
    this.#speed = speed;
  }

  /** Virtual milliseconds since the epoch. */
  now(): number {
    return Math.min(endOfTime, Math.floor(this.#base + (this.clock.elapsed() - this.#from) * this.#speed));
  }

  get speed(): number {
    return this.#speed;
  }

  /** Virtual milliseconds since the epoch, from which time goes on. */
  set(now: number): void {
    this.#base = now;
    this.#from = this.clock.elapsed();
  }

  advance(seconds: number): void {
    this.set(this.now() + seconds * 1000);
  }

  /** Virtual seconds for each real one. */
  run(speed: number): void {
    this.set(this.now());
    this.#speed = speed;
  }
}
