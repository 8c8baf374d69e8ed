import { ManualClock } from '../../../test/support/an-exchange.js';
import type { Listener } from '../link.js';
import type { FromHub } from '../messages.js';
import { KeptLine, type KeptLineParts } from './kept-line.js';

/** A kept line whose hubs are told what to do; everything that happens is written down. */
function aKeptLine(changes: Partial<KeptLineParts> = {}) {
  const clock = new ManualClock();
  const heard: string[] = [];
  const calls: { url: string; listener: Listener; open: boolean }[] = [];
  const hub = { url: 'http://one' as string | undefined, away: false };
  const listener: Listener = {
    opened: () => heard.push('opened'),
    received: ({ type, epoch }) => heard.push(`${type} ${epoch}`),
    lost: () => heard.push('lost'),
  };
  const line = new KeptLine(listener, {
    ...{ clock, timers: clock, random: () => 1 },
    find: () => (hub.away ? Promise.reject(new Error('PostgreSQL is away')) : Promise.resolve(hub.url)),
    dial: (url, by) => {
      const call = { url, listener: by, open: true };
      calls.push(call);
      return { say: () => call.open, close: () => (call.open = false) };
    },
    ...changes,
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const pass = async (seconds: number) => {
    clock.pass(seconds);
    await settle();
  };
  const last = () => {
    const call = calls.at(-1);
    if (!call) throw new Error('nobody was called');
    return call;
  };
  return { line, hub, heard, calls, pass, last };
}
const word = (epoch: number, n = 1): FromHub => ({ epoch, n, type: 'ping' });

describe('a kept line', () => {
  it('is laid at once, and open when the hub has let it in', async () => {
    const { line, pass, last, heard } = aKeptLine();
    await pass(0);
    expect(line.say({ type: 'ping' })).toBe(false);
    last().listener.opened();
    last().listener.received(word(1));
    expect(line.say({ type: 'ping' })).toBe(true);
    expect(heard).toEqual(['opened', 'ping 1']);
  });

  it('waits twice as long after each refusal, from half a second to thirty', async () => {
    const { pass, last, calls } = aKeptLine();
    await pass(0);
    for (const pause of [0.5, 1, 2, 4, 8, 16, 30, 30]) {
      const before = calls.length;
      last().listener.lost();
      await pass(pause - 0.001);
      expect(calls).toHaveLength(before);
      await pass(0.001);
      expect(calls).toHaveLength(before + 1);
    }
  });

  it('waits any part of that pause, so that not all come back at once', async () => {
    const { pass, last, calls } = aKeptLine({ random: () => 0.2 });
    await pass(0);
    last().listener.lost();
    await pass(0.1);
    expect(calls).toHaveLength(2);
  });

  it('begins with short pauses again once it has held for a minute, and not before', async () => {
    for (const [held, pause] of [
      [59, 4],
      [60, 0.5],
    ] as const) {
      const { pass, last, calls } = aKeptLine();
      await pass(0);
      for (const wait of [0.5, 1, 2]) {
        last().listener.lost();
        await pass(wait);
      }
      last().listener.opened();
      await pass(held);
      last().listener.lost();
      await pass(pause - 0.001);
      expect(calls).toHaveLength(4);
      await pass(0.001);
      expect(calls).toHaveLength(5);
    }
  });

  it('asks again where the hub is after each loss, and waits while there is none or nobody can say', async () => {
    const { hub, pass, last, calls, heard } = aKeptLine();
    await pass(0);
    last().listener.opened();
    hub.url = undefined;
    last().listener.lost();
    await pass(0.5);
    hub.away = true;
    await pass(1);
    expect(calls).toHaveLength(1);
    [hub.url, hub.away] = ['http://two', false];
    await pass(2);
    expect(last().url).toBe('http://two');
    expect(heard).toEqual(['opened', 'lost']);
  });

  it('leaves a hub that leads no longer, though the line to it is open', async () => {
    const { hub, pass, last, calls, heard } = aKeptLine({ lookMs: 2000 });
    await pass(0);
    last().listener.opened();
    await pass(2);
    hub.away = true;
    await pass(2);
    [hub.away, hub.url] = [false, undefined];
    await pass(2);
    expect(last().open).toBe(true);
    hub.url = 'http://two';
    await pass(2);
    expect(calls[0]?.open).toBe(false);
    await pass(0.5);
    expect(last().url).toBe('http://two');
    expect(heard).toEqual(['opened', 'lost']);
  });

  it('passes on nothing of an earlier epoch, and leaves who says it', async () => {
    const { pass, last, heard, calls } = aKeptLine();
    await pass(0);
    last().listener.opened();
    last().listener.received(word(7));
    last().listener.lost();
    await pass(0.5);
    last().listener.opened();
    last().listener.received(word(6));
    expect(heard).toEqual(['opened', 'ping 7', 'lost', 'opened', 'lost']);
    expect(last().open).toBe(false);
    await pass(1);
    expect(calls).toHaveLength(3);
    last().listener.opened();
    last().listener.received(word(8));
    expect(heard.slice(-2)).toEqual(['opened', 'ping 8']);
  });

  it('hears no call but the latest, and nothing once it is closed', async () => {
    const { line, pass, calls, last, heard } = aKeptLine();
    await pass(0);
    last().listener.opened();
    last().listener.lost();
    await pass(0.5);
    calls[0]?.listener.received(word(1));
    calls[0]?.listener.lost();
    last().listener.opened();
    line.close();
    expect(last().open).toBe(false);
    last().listener.received(word(1));
    last().listener.lost();
    await pass(100);
    expect(heard).toEqual(['opened', 'lost', 'opened']);
    expect(calls).toHaveLength(2);
  });

  it('keeps what the gateway says of its frames to itself', async () => {
    const { pass, last, heard } = aKeptLine();
    await pass(0);
    last().listener.opened();
    last().listener.received({ epoch: 1, n: 0, type: 'error', code: 'BAD_MESSAGE' });
    expect(heard).toEqual(['opened']);
  });
});
