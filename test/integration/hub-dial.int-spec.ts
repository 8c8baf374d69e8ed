import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../../src/core/clock.js';
import type { FromHub } from '../../src/hub/messages.js';
import { systemTimers } from '../../src/hub/timers.js';
import { dialHub, type DialParts } from '../../src/hub/wire/dial-hub.js';
import type { Call } from '../../src/hub/wire/kept-line.js';
import { HubTokens } from '../../src/hub/wire/tokens.js';
import { parseHubKeys } from '../../src/platform/config/hub-secrets.js';
import { aHubLine, type HubLine } from '../support/a-hub-gateway.js';
import { ManualClock } from '../support/an-exchange.js';
import { eventually } from '../support/product.js';

const tenant = 'ab'.repeat(32);
const token = async () => ({ token: 'some.hub.token', expiresAt: systemClock.now() + 600_000 });

/** An instance’s end of one connection; everything that its listener hears is written down. */
function dialled(url: string, changes: Partial<DialParts> = {}) {
  const heard: string[] = [];
  const words: FromHub[] = [];
  const warned: string[] = [];
  const call: Call = dialHub(
    url,
    {
      ...{ clock: systemClock, timers: systemTimers, heartbeatMs: 10_000, run: randomUUID(), token },
      warn: (why) => warned.push(why),
      ...changes,
    },
    {
      opened: () => heard.push('opened'),
      received: (word) => words.push(word),
      lost: () => heard.push('lost'),
    },
  );
  const until = (what: 'opened' | 'lost') =>
    eventually(
      () => Promise.resolve(heard),
      (all) => all.includes(what),
    );
  return { call, heard, words, warned, until };
}

/** A hub that changes the protocol for whoever comes, and then does as it is told with the bare connection. */
async function aBareHub(talk: (socket: Socket) => void): Promise<{ url: string; stop(): void }> {
  const server: Server = createServer();
  const sockets: Socket[] = [];
  server.on('upgrade', (request, socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    const accept = createHash('sha1').update(
      `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    );
    const fields = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept.digest('base64')}`];
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\n\r\n`);
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

const textFrame = (text: string) => Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);

describe('an instance that dials the hub', () => {
  it.each([
    ['an address that is none', 'http://hub:99999', token],
    ['a token that no header can hold', 'http://127.0.0.1:1', async () => ({ ...(await token()), token: 'a\r\nb' })],
    ['nobody at the address', 'http://127.0.0.1:1', token],
    ['no token to be had', 'http://127.0.0.1:1', () => Promise.reject(new Error('none'))],
  ])('is told once that the line is lost, and lives on: %s', async (_what, url, asked) => {
    const { until, heard, warned } = dialled(url, { token: asked });
    await until('lost');
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['lost']);
    expect(warned).toHaveLength(1);
    expect(warned[0]).not.toContain('some.hub.token');
  });

  it('gives up a hub that says nothing, one that cannot be understood, and one that answers with bytes', async () => {
    const hostile: [string, (socket: Socket) => void, number][] = [
      ['silent', () => undefined, 500],
      ['not understood: UNKNOWN_TYPE', (socket) => socket.write(textFrame('{"type":"__proto__"}')), 10_000],
      ['not understood: BAD_MESSAGE', (socket) => socket.write(textFrame('{"type":"ping"}')), 10_000],
      ['not understood: BAD_JSON', (socket) => socket.write(Buffer.from([0x82, 1, 0x7b])), 10_000],
      ['closed with 1006', (socket) => socket.destroy(), 10_000],
    ];
    for (const [why, talk, heartbeatMs] of hostile) {
      const hub = await aBareHub(talk);
      const { until, heard, words, warned } = dialled(hub.url, { heartbeatMs });
      await until('lost');
      expect([heard, words, warned]).toEqual([['opened', 'lost'], [], [why]]);
      hub.stop();
    }
  });

  it('gives up a hub that does not read: what it was told would be old', async () => {
    const hub = await aBareHub((socket) => socket.pause());
    const { call, until, heard, warned } = dialled(hub.url);
    await until('opened');
    const wants = Array.from({ length: 400 }, () => ({ lane: 'job' as const, tenant, weight: 1, calls: 1 }));
    for (let said = 0; said < 5000 && !heard.includes('lost'); said++) {
      call.say({ type: 'lease', budget: 'akto', wants });
      if (said % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect([heard, warned]).toEqual([['opened', 'lost'], ['it does not read']]);
    hub.stop();
  });
});

describe('an instance on a line', () => {
  let line: HubLine | undefined;
  afterEach(() => line?.stop());

  it('hears of budgets though the OPCOs refuse a thousand CFAs at their own keys', async () => {
    const open = (line = await aHubLine());
    const instance = dialled(open.url, { token: () => open.tokens.issue('one') });
    await instance.until('opened');
    const waitMs = { interactive: 0, job: 0, poll: 0, bulk: 0, ahead: 0 };
    const hashes = Array.from({ length: 1000 }, (_, at) => at.toString(16).padStart(64, '0'));
    const ofOne = Object.fromEntries(hashes.map((hash, at) => [hash, 1000.5 + at]));
    const of = (budget: string) => ({ ...{ budget, rate: 10, burst: 10, pausedMs: 0, waitMs, ofOne } });
    open.seats.lines.get('one')?.say(open.seats.word({ type: 'limits', budgets: [of('akto'), of('afdas')] }));
    await eventually(
      () => Promise.resolve([instance.words.length, instance.heard.length]),
      ([words, events]) => words === 1 || events === 2,
    );
    expect([instance.heard, instance.words]).toMatchObject([['opened'], [{ type: 'limits' }]]);
  });

  /** A hub and an instance that live by one clock; tokens live ten minutes. */
  async function inTime() {
    const clock = new ManualClock();
    const tokens = new HubTokens(parseHubKeys(`k1:${randomBytes(32).toString('hex')}`), { lifeSeconds: 600 }, clock);
    const desk = { asked: 0, shut: false, judged: 0 };
    line = await aHubLine({
      ...{ clock, timers: clock, heartbeatMs: 10_000_000 },
      verify: async (text) => {
        const bearer = await tokens.verify(text);
        desk.judged += 1;
        return bearer;
      },
    });
    const instance = dialled(line.url, {
      ...{ clock, timers: clock, heartbeatMs: 10_000_000 },
      token: () => {
        desk.asked += 1;
        return desk.shut ? Promise.reject(new Error('shut')) : tokens.issue('one');
      },
    });
    await instance.until('opened');
    const settled = (look: () => number, wanted: number) =>
      eventually(
        () => Promise.resolve(look()),
        (seen) => seen === wanted,
      );
    return { clock, desk, instance, settled };
  }

  it('exchanges its token when 70 % of its life is over, and the line lives on without a drop', async () => {
    const { clock, desk, instance, settled } = await inTime();
    for (let tokens = 1; tokens < 4; tokens++) {
      clock.pass(419);
      expect(desk.asked).toBe(tokens);
      clock.pass(1);
      await settled(() => desk.judged, tokens + 1);
    }
    // Twice the life of a token is over.
    instance.call.say({ type: 'ping' });
    await settled(() => instance.words.length, 1);
    expect(instance.heard).toEqual(['opened']);
  });

  it('asks again while there is no fresh token, and is sent away when the old one is over', async () => {
    const { clock, desk, instance, settled } = await inTime();
    desk.shut = true;
    for (const wait of [420, 45, 33.75]) {
      const before = desk.asked;
      clock.pass(wait - 0.001);
      expect(desk.asked).toBe(before);
      clock.pass(0.001);
      await settled(() => desk.asked, before + 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    desk.shut = false;
    clock.pass(25.3125);
    await settled(() => desk.judged, 2);
    desk.shut = true;
    clock.pass(630);
    await instance.until('lost');
    expect([instance.heard, instance.warned]).toEqual([['opened', 'lost'], ['closed with 4401']]);
  });
});
