import { randomBytes } from 'node:crypto';
import { aHubLine, BareInstance, helloOf, isServed, upgraded, type HubLine } from '../support/a-hub-gateway.js';
import { eventually } from '../support/product.js';

const tenant = 'ab'.repeat(32);

describe('what a hostile instance sends', () => {
  let line: HubLine;
  let others: BareInstance;
  beforeAll(async () => {
    line = await aHubLine({ messagesPerSecond: 1000 });
    others = await BareInstance.at(line, 'others');
  });
  afterAll(() => line.stop());

  const frame = (opcode: number, payload: Buffer, { masked = true, flags = 0x80 } = {}) => {
    const size = payload.length;
    const length = size < 126 ? [size] : [126, size >> 8, size & 255];
    const mask = randomBytes(4);
    const body = masked ? Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))) : payload;
    const [short = 0, ...long] = length;
    return Buffer.concat([
      Buffer.from([flags | opcode, (masked ? 0x80 : 0) | short, ...long]),
      masked ? mask : Buffer.alloc(0),
      body,
    ]);
  };
  const text = (value: unknown) => Buffer.from(JSON.stringify(value));
  const ping = text({ type: 'ping' });

  it.each([
    ['an unmasked frame', frame(1, ping, { masked: false })],
    ['a compressed frame', frame(1, ping, { flags: 0xc0 })],
    ['a reserved bit', frame(1, ping, { flags: 0xa0 })],
    ['text that is not UTF-8', frame(1, Buffer.from([0x22, 0xc3, 0x28, 0x22]))],
    ['the header of 4 GiB', Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4])],
    ['a ping of 126 bytes', frame(9, Buffer.alloc(126))],
    ['an unknown opcode', frame(3, ping)],
    ['a continuation of nothing', frame(0, ping)],
    ['65 kB of JSON', frame(1, Buffer.from(`"${'x'.repeat(65_535)}"`))],
    ['a frame of bytes', frame(2, ping)],
    ['10 000 tiny frames', Buffer.concat(Array.from({ length: 10_000 }, () => frame(1, ping)))],
    ['10 000 pings of the protocol', Buffer.concat(Array.from({ length: 10_000 }, () => frame(9, Buffer.alloc(0))))],
    ['one bad frame after the other', Buffer.concat(Array.from({ length: 30 }, () => frame(1, Buffer.from('{'))))],
    ['another one’s name', frame(1, text(helloOf('others')))],
  ])('ends its own line and no other: %s', async (_what, bytes) => {
    const { token } = await line.tokens.issue('hostile');
    const heard = line.seats.said('others').length;
    const socket = await upgraded(line, token);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    socket.write(bytes);
    await closed;
    await eventually(
      () => Promise.resolve(line.gateway.connected),
      (names) => !names.includes('hostile'),
    );
    expect(line.seats.said('others')).toHaveLength(heard);
    await isServed(others);
  });

  it.each<[string, string]>([
    ['{"type":"__proto__"}', 'UNKNOWN_TYPE'],
    ['{"type":"lease","budget":"akto","wants":[{"lane":"job","tenant":"x","weight":1,"calls":1}]}', 'BAD_MESSAGE'],
    ...['-1', '1e308', '"NaN"', '1e999', 'null'].map((calls): [string, string] => [
      `{"type":"lease","budget":"akto","wants":[{"lane":"job","tenant":"${tenant}","weight":1,"calls":${calls}}]}`,
      'BAD_MESSAGE',
    ]),
    ['{"type":"hello","v":2}', 'BAD_MESSAGE'],
    [JSON.stringify({ ...helloOf('odd'), v: 2 }), 'VERSION'],
    ['nonsense', 'BAD_JSON'],
  ])('is told what is wrong with %s, and the hub hears nothing of it', async (sent, code) => {
    const odd = await BareInstance.at(line, `odd-${randomBytes(4).toString('hex')}`);
    const before = line.seats.heard.length;
    odd.say(sent);
    expect(await odd.hears('error')).toMatchObject({ code, n: 0 });
    expect(line.seats.heard).toHaveLength(before);
    await isServed(odd);
    odd.socket.close();
  });
});
