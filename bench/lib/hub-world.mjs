import { chance } from './virtual-time.mjs';

const dist = '../../dist/src/hub';
const { Hub } = await import(`${dist}/central/hub.js`);
const { BudgetSizes } = await import(`${dist}/central/sizes.js`);
const { InstancePermits } = await import(`${dist}/instance/instance-permits.js`);

/** A line that is silent is given up after that long, and tried again so often. */
const detectMs = 3000;
const retryMs = 500;
const budget = 'opco';

/** Hubs that follow each other, instances, and a network between them: messages take their time and are in order; lines break. */
export class HubWorld {
  epoch = 0;
  hub;
  learnt = {};
  members = 0;
  instances = new Map();
  cutOff = new Set();
  #lines = new Set();

  constructor(time, { size, instances, delayMs = 2, seed = 1 }) {
    this.time = time;
    this.size = size;
    this.delayMs = delayMs;
    this.random = chance(seed);
    this.startHub();
    for (let n = 0; n < instances; n += 1) this.startInstance(`i${n}`);
    time.every(1000, () => this.hub && ((this.learnt = this.hub.learnt()), (this.members = this.hub.members)));
  }

  #sizes() {
    const sizes = new BudgetSizes();
    sizes.declare(budget, this.size);
    return sizes;
  }

  startHub() {
    this.epoch += 1;
    this.hub = new Hub({
      ...{ clock: this.time, timers: this.time, sizes: this.#sizes(), epoch: this.epoch },
      ...{ learnt: this.learnt, predecessor: { members: this.members } },
    });
  }

  /** Dead at once: nobody is told but by the silence of the sockets. */
  killHub() {
    const { hub } = this;
    this.hub = undefined;
    for (const line of [...this.#lines]) line.break(this.delayMs);
    hub.budgets.close();
  }

  startInstance(name) {
    const permits = new InstancePermits({ clock: this.time, timers: this.time, sizes: this.#sizes(), name });
    this.instances.set(name, permits);
    permits.connect((listener) => this.#line(name, listener));
    return permits;
  }

  /** Dead at once: the hub sees its socket close. */
  killInstance(name) {
    const permits = this.instances.get(name);
    this.instances.delete(name);
    for (const line of [...this.#lines]) if (line.name === name) line.die();
    permits.disconnect();
  }

  /** Nothing arrives any more in either direction, and nobody is told. */
  partition(name) {
    this.cutOff.add(name);
    for (const line of [...this.#lines]) if (line.name === name) line.break(detectMs);
  }

  heal(name) {
    this.cutOff.delete(name);
  }

  #line(name, listener) {
    const world = this;
    const { time } = world;
    let [seat, hub, wanted, toHub, toInstance] = [undefined, undefined, true, 0, 0];
    const delay = () => world.delayMs * (0.5 + world.random());
    const line = {
      name,
      break(ms) {
        const [old, oldHub] = [seat, hub];
        [seat, hub] = [undefined, undefined];
        if (!old) return;
        time.after(ms, () => {
          if (oldHub === world.hub) old.lost();
          if (!wanted) return;
          listener.lost();
          open();
        });
      },
      die() {
        wanted = false;
        const old = seat;
        seat = undefined;
        world.#lines.delete(line);
        time.after(world.delayMs, () => old?.lost());
      },
    };
    world.#lines.add(line);
    const open = () => {
      if (!wanted || seat) return;
      if (!world.hub || world.cutOff.has(name)) return void time.after(retryMs * (0.5 + world.random()), open);
      hub = world.hub;
      const mine = (seat = hub.attach(name, {
        say(message) {
          const text = JSON.stringify(message);
          toInstance = Math.max(toInstance, time.elapsed() + delay());
          time.after(toInstance - time.elapsed(), () => seat === mine && listener.received(JSON.parse(text)));
        },
        cut: () => line.break(world.delayMs),
      }));
      time.after(delay(), () => seat === mine && listener.opened());
    };
    time.after(delay(), open);
    return {
      say(message) {
        const mine = seat;
        if (!mine) return false;
        const text = JSON.stringify(message);
        toHub = Math.max(toHub, time.elapsed() + delay());
        time.after(toHub - time.elapsed(), () => seat === mine && mine.receive(JSON.parse(text)));
        return true;
      },
      close() {
        wanted = false;
        line.die();
      },
    };
  }
}
