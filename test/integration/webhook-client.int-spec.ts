import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../src/core/clock.js';
import { AddressPolicy } from '../../src/webhooks/address-policy.js';
import { WebhookClient } from '../../src/webhooks/webhook-client.js';

/** A raw TCP receiver: hostile answers are written byte by byte. */
class RawReceiver {
  readonly sockets: Socket[] = [];
  request = '';
  talk: (socket: Socket) => void = () => undefined;
  readonly #server: Server = createServer((socket) => {
    this.sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      this.request = data.toString('latin1');
      this.talk(socket);
    });
  });

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

const ok = (more: string) => `HTTP/1.1 200 OK\r\n${more}\r\n`;

describe('the client for untrusted receivers', () => {
  let receiver: RawReceiver;
  let port: number;
  const clients: WebhookClient[] = [];

  function aClient(names: Record<string, string[]> = {}, timeoutMs = 400): WebhookClient {
    const client = new WebhookClient({
      policy: new AddressPolicy({
        ports: new Set([443, 8443]),
        allowedNetworks: `127.0.0.1/32:${port}`,
        ownAddresses: [],
      }),
      timeoutMs,
      clock: systemClock,
      resolve: async (host) => names[host] ?? [],
    });
    clients.push(client);
    return client;
  }
  const post = (client = aClient(), url = `http://127.0.0.1:${port}/`) =>
    client.post(url, Buffer.from('{}'), { 'webhook-id': 'w' });

  beforeEach(async () => {
    receiver = new RawReceiver();
    port = await receiver.listen();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await receiver.close();
  });

  it('dials only an address that was judged good, whatever else the name gives', async () => {
    receiver.talk = (socket) => socket.end(ok('content-length: 0\r\n'));
    const client = aClient({ 'mixed.example.org': ['10.0.0.1', '::1', '127.0.0.1'] });
    expect(await post(client, `http://mixed.example.org:${port}/hook?x=1`)).toMatchObject({ status: 200 });
    expect(receiver.request).toMatch(
      new RegExp(`^POST /hook\\?x=1 HTTP/1.1\\r\\nhost: mixed.example.org:${port}\\r\\n`, 'i'),
    );
  });

  it('opens no socket to a name or an address that is private', async () => {
    const client = aClient({ 'private.example.org': ['127.0.0.1', '169.254.169.254'], 'nowhere.example.org': [] });
    const elsewhere = new RawReceiver();
    const other = await elsewhere.listen();
    for (const host of ['private.example.org', 'nowhere.example.org', '127.0.0.1', '[::ffff:127.0.0.1]']) {
      expect(await post(client, `http://${host}:${other}/`)).toMatchObject({ status: null });
      expect(await post(client, `https://${host}:${other}/`)).toMatchObject({ status: null });
    }
    expect(elsewhere.sockets).toHaveLength(0);
    await elsewhere.close();
  });

  it('asks for no compression, sends nothing but what it must, and ignores the proxy of the environment', async () => {
    const before = process.env.HTTP_PROXY;
    process.env.HTTP_PROXY = 'http://127.0.0.1:9';
    receiver.talk = (socket) => socket.end(ok('content-length: 0\r\n'));
    expect(await post()).toMatchObject({ status: 200 });
    if (before === undefined) delete process.env.HTTP_PROXY;
    else process.env.HTTP_PROXY = before;
    expect(receiver.request.toLowerCase()).toContain('accept-encoding: identity');
    expect(receiver.request.toLowerCase()).not.toContain('cookie');
  });

  it('ends an answer that drips at its deadline', async () => {
    receiver.talk = (socket) => {
      const drip = setInterval(() => socket.write('H'), 50);
      socket.on('close', () => clearInterval(drip));
    };
    const { status, durationMs } = await post();
    expect(status).toBeNull();
    expect(durationMs).toBeLessThan(10_000);
  });

  it('ends a body that never ends at its deadline', async () => {
    receiver.talk = (socket) => socket.write(ok('content-length: 10\r\n') + 'x');
    expect(await post()).toMatchObject({ status: null });
  });

  it('reads 64 kB of an endless answer, and its status decides', async () => {
    let written = 0;
    receiver.talk = (socket) => {
      socket.write(ok('transfer-encoding: chunked\r\n'));
      const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
      const pour = () => {
        while (!socket.destroyed && written < 1e9 && socket.write(chunk)) written += chunk.length;
      };
      socket.on('drain', pour);
      pour();
    };
    expect(await post(aClient({}, 5000))).toMatchObject({ status: 200 });
    expect(written).toBeLessThan(8e6);
  });

  it('does not unpack a compressed answer', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    receiver.talk = (socket) => {
      socket.write(ok(`content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n`));
      socket.end(bomb);
    };
    const before = process.memoryUsage().arrayBuffers;
    expect(await post()).toMatchObject({ status: 200 });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it('refuses more than 16 kB of headers', async () => {
    receiver.talk = (socket) => socket.end(ok(`x: ${'y'.repeat(20_000)}\r\ncontent-length: 0\r\n`));
    expect(await post()).toMatchObject({ status: null });
  });

  it('answers like any other failure to a receiver that is no HTTP server, or no TLS one', async () => {
    receiver.talk = (socket) => socket.end('SSH-2.0-x\r\n');
    expect(await post()).toMatchObject({ status: null });
    expect(await post(aClient(), `https://127.0.0.1:${port}/`)).toMatchObject({ status: null });
  });
});
