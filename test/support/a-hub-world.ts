import { besideHub } from '../../src/hub/central/beside.js';
import { Hub } from '../../src/hub/central/hub.js';
import { BudgetSizes } from '../../src/hub/central/sizes.js';
import { InstancePermits } from '../../src/hub/instance/instance-permits.js';
import type { Line, Listener, Seat } from '../../src/hub/link.js';
import type { FromHub, ToHub } from '../../src/hub/messages.js';
import { ManualClock } from './an-exchange.js';

const budget = 'one';

/** How a network treats the next messages: copies of each, each with its delay; none for a loss. Where empty, all arrive after 1 ms. */
export type Fate = readonly (readonly number[])[];

/** Hubs that follow each other, instances that ask for more than there is, and a network that loses, doubles and reorders. */
export class HubWorld {
  readonly clock = new ManualClock();
  readonly size = { rate: 10, burst: 10, ceiling: 10 };
  /** When each permit was had. */
  readonly had: number[] = [];
  /** How often anybody began to go by another lease, or by none. */
  leaseChanges = 0;
  hub: Hub | undefined;
  readonly #instances = new Map<string, InstancePermits>();
  readonly #modes = new Map<string, string>();
  readonly #lines = new Map<string, { break(): void }>();
  readonly #cutOff = new Set<string>();
  #fate: (readonly number[])[] = [];
  #epoch = 0;
  #members = 0;
  /** The instance in whose process the hub lives, if it lives in one. */
  #host: string | undefined;

  constructor(readonly names: readonly string[]) {
    this.startHub();
    for (const name of names) this.start(name);
  }

  startHub(host?: string): void {
    if (this.hub) this.killHub();
    const { clock } = this;
    this.#epoch += 1;
    const predecessor = { members: this.#members };
    this.hub = new Hub({ clock, timers: clock, sizes: this.#sizes(), epoch: this.#epoch, predecessor });
    this.#host = host;
    if (host !== undefined) this.#connect(host);
  }

  /** Nobody is told but by the silence of the lines. */
  killHub(): void {
    this.#members = this.hub?.members ?? this.#members;
    this.hub?.close('NOT_LEADING');
    this.hub = undefined;
    const host = this.#host;
    this.#host = undefined;
    if (host !== undefined) this.#connect(host);
    for (const line of this.#lines.values()) line.break();
  }

  start(name: string): void {
    if (name === this.#host) this.killHub();
    this.#instances.get(name)?.disconnect();
    const { clock } = this;
    const permits = new InstancePermits({ clock, timers: clock, sizes: this.#sizes(), name });
    this.#instances.set(name, permits);
    this.#connect(name);
  }

  #connect(name: string): void {
    const hub = name === this.#host ? this.hub : undefined;
    this.#instances
      .get(name)
      ?.connect((listener) => (hub ? besideHub(hub, name, listener) : this.#line(name, listener)));
  }

  partition(name: string): void {
    this.#cutOff.add(name);
    this.#lines.get(name)?.break();
  }

  heal(name: string): void {
    this.#cutOff.delete(name);
  }

  fate(next: Fate): void {
    this.#fate = [...next];
  }

  /** Lets time pass; every instance asks for more than its share all the while. */
  async live(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 0.1) {
      for (const [name, permits] of this.#instances) {
        this.#watch(name, permits);
        for (let n = 0; n < 3; n += 1) this.#ask(name, permits);
      }
      this.clock.pass(0.1);
      await new Promise(setImmediate);
    }
  }

  /** By how many calls any span of time held more than burst + rate x its length. */
  get excess(): number {
    const { rate, burst } = this.size;
    let [most, least] = [0, Infinity];
    this.had.forEach((at, rank) => {
      least = Math.min(least, rank - (rate * at) / 1000);
      most = Math.max(most, rank + 1 - (rate * at) / 1000 - least - burst);
    });
    return most;
  }

  #ask(name: string, permits: InstancePermits): void {
    const asking = { tenant: name, patienceMs: 100 };
    void permits.ask(budget, 'job', asking).then(({ granted }) => {
      if (!granted) return;
      this.had.push(this.clock.elapsed());
      permits.answered(budget, { tenant: name, ms: 20, failed: false, headers: {} });
    });
  }

  #watch(name: string, permits: InstancePermits): void {
    const { mode, epoch } = permits.state();
    const standing = `${mode} ${epoch}`;
    if (this.#modes.get(name) !== standing) this.leaseChanges += 1;
    this.#modes.set(name, standing);
  }

  #sizes(): BudgetSizes {
    const sizes = new BudgetSizes();
    sizes.declare(budget, this.size);
    return sizes;
  }

  /** Reports and what is given back arrive once: a line that doubles them is no WebSocket. */
  #line(name: string, listener: Listener): Line {
    const { clock } = this;
    let wanted = true;
    let seat: Seat | undefined;
    const send = (once: boolean, deliver: () => void) => {
      const copies = this.#fate.shift() ?? [1];
      for (const ms of once ? [1] : copies) clock.after(ms, deliver);
    };
    const open = () => {
      if (!wanted) return;
      if (!this.hub || this.#cutOff.has(name)) return void clock.after(300, open);
      const hub = this.hub;
      const mine: Seat = hub.attach(name, {
        say: (message: FromHub) => {
          const text = JSON.stringify(message);
          send(false, () => {
            if (seat === mine) listener.received(JSON.parse(text) as FromHub);
          });
        },
        cut: () => drop(),
      });
      seat = mine;
      listener.opened();
    };
    const drop = () => {
      const old = seat;
      seat = undefined;
      if (!old || !wanted) return;
      clock.after(1000, () => {
        old.lost();
        listener.lost();
        open();
      });
    };
    this.#lines.set(name, { break: drop });
    clock.after(1, open);
    return {
      say: (message) => {
        const [mine, text] = [seat, JSON.stringify(message)];
        const once = ['report', 'release', 'hello'].includes(message.type);
        send(once, () => {
          if (mine && seat === mine) mine.receive(JSON.parse(text) as ToHub);
        });
        return mine !== undefined;
      },
      close: () => {
        wanted = false;
        const old = seat;
        seat = undefined;
        clock.after(1, () => old?.lost());
      },
    };
  }
}
