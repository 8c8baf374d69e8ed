import { createHash } from 'node:crypto';

/** Chance that the seed alone decides; each name has a stream of its own, so that one drawing more does not change another's. */
export class Seeded {
  #state;

  constructor(seed, name) {
    this.#state = createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE(0);
  }

  /** In [0, 1): mulberry32. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  happens(probability) {
    return this.next() < probability;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  one(list) {
    return list[this.between(0, list.length - 1)];
  }
}
