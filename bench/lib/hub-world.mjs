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
    for (const line of this.#lines) if (line.name === name) line.die();
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

  /** Between half and one and a half of the usual delay. */
  delay() {
    return this.delayMs * (0.5 + this.random());
  }

  #line(name, listener) {
    const line = new SimulatedLine(this, name, listener);
    this.#lines.add(line);
    return {
      say: (message) => line.toHub(message),
      close: () => {
        this.#lines.delete(line);
        line.die();
      },
    };
  }
}

/** One instance's line: finds the hub that there is, again and again. */
class SimulatedLine {
  #wanted = true;
  #seat;
  #hub;
  #atHub = 0;
  #atInstance = 0;

  constructor(world, name, listener) {
    this.world = world;
    this.name = name;
    this.listener = listener;
    world.time.after(world.delay(), () => this.#open());
  }

  toHub(message) {
    const seat = this.#seat;
    const { time } = this.world;
    const text = JSON.stringify(message);
    this.#atHub = Math.max(this.#atHub, time.elapsed() + this.world.delay());
    time.after(this.#atHub - time.elapsed(), () => this.#seat === seat && seat?.receive(JSON.parse(text)));
    return seat !== undefined;
  }

  break(ms) {
    const [seat, hub] = [this.#seat, this.#hub];
    this.#seat = undefined;
    if (!seat) return;
    this.world.time.after(ms, () => {
      if (hub === this.world.hub) seat.lost();
      if (!this.#wanted) return;
      this.listener.lost();
      this.#open();
    });
  }

  die() {
    const seat = this.#seat;
    [this.#wanted, this.#seat] = [false, undefined];
    this.world.time.after(this.world.delayMs, () => seat?.lost());
  }

  #open() {
    const { world } = this;
    const { time } = world;
    if (!this.#wanted || this.#seat) return;
    if (!world.hub || world.cutOff.has(this.name))
      return void time.after(retryMs * (0.5 + world.random()), () => this.#open());
    this.#hub = world.hub;
    const seat = this.#hub.attach(this.name, {
      say: (message) => {
        const text = JSON.stringify(message);
        this.#atInstance = Math.max(this.#atInstance, time.elapsed() + world.delay());
        const arrive = () => this.#seat === seat && this.listener.received(JSON.parse(text));
        time.after(this.#atInstance - time.elapsed(), arrive);
      },
      cut: () => this.break(world.delayMs),
    });
    this.#seat = seat;
    time.after(world.delay(), () => this.#seat === seat && this.listener.opened());
  }
}
