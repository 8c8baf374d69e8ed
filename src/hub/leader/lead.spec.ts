import { ManualClock } from '../../../test/support/an-exchange.js';
import { Lead } from './lead.js';
import type { Term } from './leader.repository.js';

/** Who leads by PostgreSQL's account, with a clock of its own; can be out of reach. */
class Row {
  #held: { holder: string; epoch: number; until: number } | undefined;
  readonly kept: Record<string, unknown>[] = [];
  barred: string[] = [];
  away = false;
  /** What is learnt cannot be written. */
  full = false;
  members = 0;

  constructor(
    readonly clock: ManualClock,
    private readonly termMs: number,
  ) {}

  of(holder: string) {
    const reachable = <T>(work: () => T): Promise<T> =>
      this.away ? Promise.reject(new Error('away')) : Promise.resolve().then(work);
    const now = () => this.clock.elapsed();
    const isMine = (epoch: number) => this.#held?.holder === holder && this.#held.epoch === epoch;
    return {
      claim: (): Promise<Term | undefined> =>
        reachable(() => {
          if (this.#held && this.#held.until >= now()) return undefined;
          this.#held = { holder, epoch: (this.#held?.epoch ?? 0) + 1, until: now() + this.termMs };
          return { epoch: this.#held.epoch, members: this.members, learnt: this.kept.at(-1) ?? {} };
        }),
      renew: (epoch: number, members: number) =>
        reachable(() => {
          if (!this.#held || !isMine(epoch) || this.#held.until <= now()) return false;
          this.#held.until = now() + this.termMs;
          this.members = members;
          return true;
        }),
      resign: (epoch: number) => reachable(() => void (this.#held && isMine(epoch) && (this.#held.until = -Infinity))),
      keep: (epoch: number, learnt: Readonly<Record<string, unknown>>) =>
        reachable(() => {
          if (this.full) throw new Error('full');
          return isMine(epoch) && this.kept.push({ ...learnt }) > 0;
        }),
      revoked: () => reachable(() => this.barred),
    };
  }
}

const termMs = 6000;

function twoHubs() {
  const clock = new ManualClock();
  const row = new Row(clock, termMs);
  const said: string[] = [];
  const hubs = ['a', 'b'].map((name) => {
    // A process that stands still: its timers come late.
    const frozen = { yes: false };
    const timers = {
      after: (ms: number, run: () => void) => clock.after(ms, () => void (frozen.yes || run())),
      every: (ms: number, run: () => void) => clock.every(ms, () => void (frozen.yes || run())),
    };
    const lead = new Lead({
      ...{ clock, timers, rows: row.of(name), termMs, keepMs: 3000 },
      url: () => `http://${name}`,
      begin: ({ epoch }) => {
        said.push(`${name} leads ${epoch}`);
        return { members: () => 3, learnt: () => ({ of: name }), end: () => said.push(`${name} ends ${epoch}`) };
      },
      barred: (instances) => said.push(...instances.map((each) => `${name} bars ${each}`)),
      onError: () => undefined,
    });
    return { name, lead, frozen };
  });
  const [a, b] = hubs;
  if (!a || !b) throw new Error('there are two');
  const settle = async () => {
    for (let turns = 0; turns < 20; turns++) await Promise.resolve();
  };
  /** Moves on in small steps; at each of them at most one leads. */
  const pass = async (seconds: number) => {
    for (let passed = 0; passed < seconds * 10; passed++) {
      clock.pass(0.1);
      await settle();
      expect([a, b].filter(({ lead, frozen }) => !frozen.yes && lead.leads()).length).toBeLessThanOrEqual(1);
    }
  };
  return { a, b, row, said, pass, clock };
}

describe('of two hubs', () => {
  it('one leads and goes on leading, the other waits', async () => {
    const { a, b, said, pass } = twoHubs();
    await a.lead.start();
    await b.lead.start();
    await pass(60);
    expect([a.lead.leads(), b.lead.leads()]).toEqual([true, false]);
    expect(said).toEqual(['a leads 1']);
  });

  it('the other takes over at once when the first one stops, and knows what that had learnt', async () => {
    const { a, b, said, pass, row } = twoHubs();
    await a.lead.start();
    await b.lead.start();
    await a.lead.stop();
    await pass(1);
    expect(said).toEqual(['a leads 1', 'a ends 1', 'b leads 2']);
    expect(row.kept.at(-1)).toEqual({ of: 'a' });
    await pass(10);
    expect(a.lead.leads()).toBe(false);
  });

  it('the other takes over at once also when what the first had learnt cannot be kept', async () => {
    const { a, b, said, pass, row } = twoHubs();
    await a.lead.start();
    await b.lead.start();
    row.full = true;
    await a.lead.stop();
    await pass(1);
    expect(said).toEqual(['a leads 1', 'a ends 1', 'b leads 2']);
  });

  it('the first stops before the second may begin, when PostgreSQL is out of reach', async () => {
    const { a, b, said, pass, row } = twoHubs();
    await a.lead.start();
    await b.lead.start();
    row.away = true;
    await pass(5.3);
    expect(a.lead.leads()).toBe(true);
    await pass(0.2);
    expect(a.lead.leads()).toBe(false);
    expect(said).toEqual(['a leads 1', 'a ends 1']);
    await pass(10);
    row.away = false;
    await pass(1);
    expect(said).toHaveLength(3);
    expect(said[2]).toMatch(/^[ab] leads 2$/);
  });

  it('a short absence of PostgreSQL changes nothing', async () => {
    const { a, said, pass, row } = twoHubs();
    await a.lead.start();
    for (let times = 0; times < 5; times++) {
      row.away = true;
      await pass(4);
      row.away = false;
      await pass(2);
    }
    expect(said).toEqual(['a leads 1']);
  });

  it('one that stood still knows that it leads no longer before any of its timers tells it', async () => {
    const { a, b, said, pass } = twoHubs();
    await a.lead.start();
    await b.lead.start();
    a.frozen.yes = true;
    await pass(8);
    expect(said).toEqual(['a leads 1', 'b leads 2']);
    a.frozen.yes = false;
    expect(a.lead.leads()).toBe(false);
    expect(said).toEqual(['a leads 1', 'b leads 2', 'a ends 1']);
    await pass(20);
    expect([a.lead.leads(), b.lead.leads()]).toEqual([false, true]);
  });

  it('each tells who is not let in, leading or not', async () => {
    const { a, b, said, row } = twoHubs();
    row.barred = ['gone'];
    await a.lead.start();
    await b.lead.start();
    expect(said).toEqual(['a bars gone', 'a leads 1', 'b bars gone']);
  });

  it('only the one that leads keeps what it has learnt, now and then', async () => {
    const { a, b, pass, row } = twoHubs();
    await a.lead.start();
    await b.lead.start();
    await pass(10);
    expect(row.kept).toEqual([{ of: 'a' }, { of: 'a' }, { of: 'a' }, { of: 'a' }].slice(0, row.kept.length));
    expect(row.kept.length).toBeGreaterThanOrEqual(3);
    expect(row.members).toBe(3);
  });
});
