import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { systemClock } from '../../src/core/clock.js';
import { AddressPolicy } from '../../src/webhooks/address-policy.js';
import { type Resolve, WebhookClient } from '../../src/webhooks/webhook-client.js';

const literals = [
  '127.0.0.1', '127.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '0', '0.0.0.0', '[::]', '[::1]',
  '[::ffff:127.0.0.1]', '[::ffff:a9fe:a9fe]', '[::127.0.0.1]', '169.254.169.254', '2852039166', '10.0.0.1', '172.16.0.1',
  '192.168.0.1', '100.64.0.1', '[fd00::1]', '[fe80::1]', '[64:ff9b::a00:1]', '[2002:a00:1::]',
]; // prettier-ignore

const timeoutMs = 300;

/** Every TCP socket that this process tries to open while the work goes on. */
async function socketsOpenedBy(work: () => Promise<unknown>): Promise<number> {
  let opened = 0;
  const count = () => void opened++;
  diagnostics.subscribe('net.client.socket', count);
  try {
    await work();
  } finally {
    diagnostics.unsubscribe('net.client.socket', count);
  }
  return opened;
}

describe('the address that is dialled', () => {
  const servers: Server[] = [];
  const clients: WebhookClient[] = [];
  let talk: (socket: Socket) => void;
  let visits: string[];
  let port: number;

  async function listen(host: string, at = 0): Promise<number> {
    const server = createServer((socket) => {
      visits.push(host);
      socket.on('error', () => undefined);
      socket.once('data', () => talk(socket));
    });
    servers.push(server);
    await once(server.listen(at, host), 'listening');
    return (server.address() as AddressInfo).port;
  }

  function aClient(resolve: Resolve = async () => []): WebhookClient {
    const policy = new AddressPolicy({
      ports: new Set([443, 8443]),
      allowedNetworks: `127.0.0.1/32:${port}`,
      ownAddresses: [],
    });
    const client = new WebhookClient({ policy, timeoutMs, clock: systemClock, resolve });
    clients.push(client);
    return client;
  }

  const post = (client: WebhookClient, url: string) => client.post(url, Buffer.from('{}'), {});
  const answer =
    (head: string, body: Buffer | string = '') =>
    (socket: Socket) => {
      socket.write(`HTTP/1.1 ${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`);
      socket.end(body);
    };

  beforeEach(async () => {
    visits = [];
    talk = answer('200 OK');
    port = await listen('127.0.0.1');
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
  });

  it('is none at all for a forbidden address, whatever its spelling, and takes as long as a receiver that is mute', async () => {
    const client = aClient();
    const opened = await socketsOpenedBy(async () => {
      const outcomes = await Promise.all(literals.map((host) => post(client, `https://${host}/`)));
      for (const { status, durationMs } of outcomes) {
        expect(status).toBeNull();
        expect(durationMs).toBeGreaterThanOrEqual(timeoutMs - 10);
      }
    });
    expect(opened).toBe(0);
    talk = () => undefined;
    const mute = await post(client, `http://127.0.0.1:${port}/`);
    expect(mute.status).toBeNull();
    expect(mute.durationMs).toBeGreaterThanOrEqual(timeoutMs - 10);
  });

  it('is none for a name that leads inside, nor for one that leads nowhere or cannot be resolved', async () => {
    const resolve: Resolve = async (host) => {
      if (host === 'lost.example.org') throw new Error('ENOTFOUND');
      return host === 'inside.example.org' ? ['127.0.0.1', '10.0.0.1', '::1', 'fd00::1'] : [];
    };
    const client = aClient(resolve);
    const opened = await socketsOpenedBy(() =>
      Promise.all(
        ['inside', 'lost', 'empty'].map(async (name) => {
          const outcome = await post(client, `https://${name}.example.org/`);
          expect(outcome.status).toBeNull();
          expect(outcome.durationMs).toBeGreaterThanOrEqual(timeoutMs - 10);
        }),
      ),
    );
    expect(opened).toBe(0);
  });

  it('holds up nobody who wants to stop', async () => {
    const client = aClient();
    const outcome = post(client, 'https://10.0.0.1/');
    client.stopWaiting();
    expect((await outcome).durationMs).toBeLessThan(timeoutMs / 2);
  });

  it('is the one that was judged, when the name changes its mind between two looks', async () => {
    await listen('127.0.0.2', port);
    const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2'];
    const asked: string[] = [];
    const client = aClient(async () => {
      const address = answers[asked.length] ?? '127.0.0.2';
      asked.push(address);
      return [address];
    });
    const outcomes: (number | null)[] = [];
    for (let n = 0; n < 4; n++) outcomes.push((await post(client, `http://rebound.example.org:${port}/`)).status);
    // One look per connection: what was looked up is what was dialled, or nothing was.
    expect(asked).toEqual(answers);
    expect(outcomes).toEqual([200, null, 200, null]);
    expect(visits).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it.each([301, 302, 303, 307, 308])('is not where a %i leads', async (status) => {
    talk = answer(`${status} Moved\r\nlocation: http://169.254.169.254/latest/meta-data/`);
    const client = aClient();
    const opened = await socketsOpenedBy(async () => {
      expect(await post(client, `http://127.0.0.1:${port}/`)).toMatchObject({ status });
    });
    expect(opened).toBe(1);
  });

  it('is no proxy of the environment', async () => {
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
    const before = names.map((name) => process.env[name]);
    const proxy = await listen('127.0.0.3');
    for (const name of names) process.env[name] = `http://127.0.0.3:${proxy}`;
    try {
      const client = aClient();
      expect(await post(client, `http://127.0.0.1:${port}/`)).toMatchObject({ status: 200 });
      expect(await post(client, 'https://10.0.0.1/')).toMatchObject({ status: null });
      expect(visits).toEqual(['127.0.0.1']);
    } finally {
      names.forEach((name, at) => {
        const value = before[at];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      });
    }
  });

  it('costs neither memory nor time when it sends bombs, in whatever encoding', async () => {
    const zeros = Buffer.alloc(30_000_000);
    const bombs: [string, Buffer][] = [
      ['gzip', gzipSync(zeros)],
      ['br', brotliCompressSync(zeros, { params: {} })],
      ['gzip, gzip', gzipSync(gzipSync(zeros))],
      ['zstd', Buffer.from('28b52ffd0458', 'hex')],
    ];
    const client = aClient();
    const before = process.memoryUsage().arrayBuffers;
    for (const [encoding, bomb] of bombs) {
      talk = answer(`200 OK\r\ncontent-encoding: ${encoding}`, bomb);
      const outcome = await post(client, `http://127.0.0.1:${port}/`);
      expect([encoding, outcome.status, outcome.answer.length]).toEqual([encoding, 200, 0]);
      expect(outcome.durationMs).toBeLessThan(timeoutMs);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it('keeps 4 kB of a plain answer and no header', async () => {
    talk = answer('500 Oops\r\nx-secret: never\r\ncontent-encoding: identity', 'é'.repeat(20_000));
    const { answer: kept } = await post(aClient(), `http://127.0.0.1:${port}/`);
    expect(kept.length).toBe(4096);
    expect(kept.toString('latin1')).not.toContain('never');
  });
});
