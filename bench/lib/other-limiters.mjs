import { simulatedOpco } from './simulated-opco.mjs';
import { chance, VirtualTime } from './virtual-time.mjs';

const budget = 'opco';
const realImmediate = setImmediate;

/** Runs something while the libraries' clock and timers are those of the simulation. */
async function inVirtualTime(time, run) {
  const real = { setTimeout, clearTimeout, setInterval, clearInterval, now: Date.now };
  const timer = (callOff) => ({ callOff, ref: () => undefined, unref: () => undefined });
  Object.assign(globalThis, {
    setTimeout: (fn, ms = 0, ...args) => timer(time.after(ms, () => fn(...args))),
    setInterval: (fn, ms = 0, ...args) => timer(time.every(ms, () => fn(...args))),
    clearTimeout: (set) => set?.callOff?.(),
    clearInterval: (set) => set?.callOff?.(),
  });
  Date.now = () => time.now();
  try {
    return await run();
  } finally {
    const { now, ...timers } = real;
    Object.assign(globalThis, timers);
    Date.now = now;
  }
}

/** How each hands out permits at a rate that it is told: `acquire` calls back when the call may be made. */
const limiters = {
  async bottleneck(rate) {
    const { default: Bottleneck } = await import('bottleneck');
    const limiter = new Bottleneck({ reservoir: rate, reservoirRefreshAmount: rate, reservoirRefreshInterval: 1000 });
    return (call) => void limiter.schedule(() => Promise.resolve(call()));
  },
  async 'rate-limiter-flexible'(rate, time) {
    const { RateLimiterMemory } = await import('rate-limiter-flexible');
    const limiter = new RateLimiterMemory({ points: rate, duration: 1 });
    const acquire = (call) =>
      void limiter
        .consume(budget)
        .then(call, ({ msBeforeNext }) => time.after(Math.max(1, msBeforeNext), () => acquire(call)));
    return acquire;
  },
  async 'a fixed bucket'(rate, time) {
    let [tokens, at] = [rate, time.elapsed()];
    const acquire = (call) => {
      const now = time.elapsed();
      [tokens, at] = [Math.min(rate, tokens + ((now - at) / 1000) * rate), now];
      if (tokens < 1) return void time.after(Math.ceil(((1 - tokens) / rate) * 1000), () => acquire(call));
      tokens -= 1;
      call();
    };
    return acquire;
  },
};

/** The limiters that are compared. */
export const otherLimiters = Object.keys(limiters);

/** So many callers that always have more to ask, through one of the limiters that believes in a rate; a 429 is waited for as it says. */
export async function runOther(name, { kind, limitAt, seconds, rate, callers = 40, seed = 1 }) {
  const time = new VirtualTime();
  const random = chance(seed);
  const ask = simulatedOpco(kind, limitAt);
  const seen = { accepted: [], refused: [] };
  await inVirtualTime(time, async () => {
    const acquire = await limiters[name](rate, time);
    const again = () =>
      acquire(() => {
        time.after(30 + random() * 6, () => {
          const wait = ask(time.elapsed());
          (wait > 0 ? seen.refused : seen.accepted).push(time.elapsed());
          time.after(30 + wait * 1000, again);
        });
      });
    for (let n = 0; n < callers; n += 1) time.after(random() * 1000, again);
    await time.until(seconds * 1000, () => new Promise((resolve) => realImmediate(resolve)));
  });
  return seen;
}
