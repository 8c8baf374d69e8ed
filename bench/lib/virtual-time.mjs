// Time that passes as fast as what happens in it: the clock and the timers of a simulation, in the order of their moments.

/** Events at their times, a binary heap; equal times in the order in which they were set. */
export class VirtualTime {
  #now = 0;
  #rank = 0;
  #heap = [];

  now() {
    return this.#now;
  }

  elapsed() {
    return this.#now;
  }

  after(ms, run) {
    const event = { at: this.#now + Math.max(0, ms), rank: (this.#rank += 1), run };
    this.#push(event);
    return () => void (event.run = undefined);
  }

  every(ms, run) {
    let callOff = () => undefined;
    const again = () => {
      callOff = this.after(ms, again);
      run();
    };
    callOff = this.after(ms, again);
    return () => callOff();
  }

  /** Lets everything happen up to a moment; what promises bring about happens at the moment of its cause. */
  async until(end, settle = quickly) {
    for (;;) {
      const next = this.#heap[0];
      if (!next || next.at > end) break;
      this.#pop();
      if (!next.run) continue;
      this.#now = next.at;
      next.run();
      await settle();
    }
    this.#now = end;
  }

  #push(event) {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent])) break;
      [heap[at], heap[parent]] = [heap[parent], event];
      at = parent;
    }
  }

  #pop() {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && before(heap[left], heap[least])) least = left;
      if (right < heap.length && before(heap[right], heap[least])) least = right;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least], heap[at]];
      at = least;
    }
  }
}

const before = (one, other) => one.at < other.at || (one.at === other.at && one.rank < other.rank);

async function quickly() {
  await null;
  await null;
  await null;
}

/** The same numbers for the same seed: 0 to 1. */
export function chance(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
