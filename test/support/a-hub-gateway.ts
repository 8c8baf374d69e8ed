import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/core/clock.js';
import type { Seat, SeatLine, Seats } from '../../src/hub/link.js';
import type { FromHub, ToHub } from '../../src/hub/messages.js';
import { systemTimers } from '../../src/hub/timers.js';
import { HubGateway, type GatewayParts } from '../../src/hub/wire/hub.gateway.js';
import { HubTokens } from '../../src/hub/wire/tokens.js';
import { parseHubKeys } from '../../src/platform/config/hub-secrets.js';
import { eventually } from './product.js';

/** Seats that write down who came and what was said, and answer as a hub that has plenty. */
export class OpenSeats implements Seats {
  readonly heard: { readonly instance: string; readonly message: ToHub }[] = [];
  readonly lost: string[] = [];
  readonly lines = new Map<string, SeatLine>();
  #n = 0;

  constructor(readonly epoch = 1) {}

  attach(instance: string, line: SeatLine): Seat {
    this.lines.set(instance, line);
    return {
      receive: (message) => {
        this.heard.push({ instance, message });
        if (message.type === 'renew') line.say(this.word({ type: 'lease', share: 0.5, askedAt: message.at }));
        if (message.type === 'ping') line.say(this.word({ type: 'ping' }));
      },
      lost: () => this.lost.push(instance),
    };
  }

  word<T extends object>(said: T): FromHub {
    return { epoch: this.epoch, n: (this.#n += 1), ...said } as unknown as FromHub;
  }

  /** The types of what this instance said. */
  said(instance: string): string[] {
    return this.heard.filter((each) => each.instance === instance).map(({ message }) => message.type);
  }
}

/** A gateway on a server of its own. */
export interface HubLine {
  readonly url: string;
  readonly seats: OpenSeats;
  readonly gateway: HubGateway;
  readonly tokens: HubTokens;
  /** Instances that are not let in. */
  readonly revoked: Set<string>;
  stop(): Promise<void>;
}

/** Opens a gateway; `changes` for what a test is about. */
export async function aHubLine(
  changes: Partial<GatewayParts> & { readonly lifeSeconds?: number } = {},
): Promise<HubLine> {
  const { lifeSeconds = 600, ...parts } = changes;
  const seats = new OpenSeats();
  const revoked = new Set<string>();
  const keys = parseHubKeys(`k1:${randomBytes(32).toString('hex')}`);
  const tokens = new HubTokens(keys, { lifeSeconds }, systemClock);
  const gateway = new HubGateway({
    ...{ clock: systemClock, timers: systemTimers, heartbeatMs: 10_000, messagesPerSecond: 500 },
    ...{ origins: ['https://staff.example'], handshakesPerSecond: 1000, mostConnections: 100 },
    verify: (token) => tokens.verify(token),
    leading: () => ({ seats, epoch: seats.epoch }),
    revoked: (instance) => revoked.has(instance),
    admitted: () => undefined,
    ...parts,
  });
  const server = await listening(gateway);
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, seats, gateway, tokens, revoked },
    stop: async () => {
      await gateway.stop();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

async function listening(gateway: HubGateway): Promise<Server> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  gateway.serve(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** A client that does nothing by itself. */
export class BareInstance {
  readonly received: FromHub[] = [];
  /** Code and reason of the end; status where the protocol was never changed. */
  readonly ended: Promise<{ readonly code: number; readonly reason: string; readonly status?: number }>;
  readonly opened: Promise<void>;
  readonly socket: WebSocket;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}, path = '/hub/ws') {
    const address = new URL(path, url);
    address.protocol = 'ws:';
    this.socket = new WebSocket(address, { headers, perMessageDeflate: false });
    this.socket.on('message', (data) => this.received.push(JSON.parse((data as Buffer).toString()) as FromHub));
    this.opened = new Promise((resolve) => this.socket.once('open', () => resolve()));
    this.ended = new Promise((resolve) => {
      this.socket.once('unexpected-response', (_request, { statusCode = 0 }) => {
        resolve({ code: 0, reason: '', status: statusCode });
        this.socket.terminate();
      });
      this.socket.on('error', () => undefined);
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /** Lets one in with a token of its own, and says hello. */
  static async at(line: HubLine, instance: string, run: string = randomUUID()): Promise<BareInstance> {
    const { token } = await line.tokens.issue(instance);
    const bare = new BareInstance(line.url, { authorization: `Bearer ${token}`, 'opcovia-run': run });
    await Promise.race([
      bare.opened,
      bare.ended.then((end) => Promise.reject(new Error(`it was not let in: ${JSON.stringify(end)}`))),
    ]);
    bare.say(helloOf(instance));
    await eventually(
      () => Promise.resolve(line.seats.said(instance)),
      (said) => said.includes('hello'),
    );
    return bare;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The next word of this type, or the one that came already. */
  async hears(type: FromHub['type']): Promise<FromHub> {
    const found = await eventually(
      () => Promise.resolve(this.received.find((word) => word.type === type)),
      (word) => word !== undefined,
    );
    if (!found) throw new Error('it never came');
    return found;
  }
}

/** A hello that any hub takes from this instance. */
export const helloOf = (instance: string) =>
  ({ type: 'hello', v: 1, instance, at: 0, held: { share: 0, leftMs: 0, known: false }, epoch: 0 }) as const;

/** Fails unless this instance is still served. */
export async function isServed(bare: BareInstance): Promise<void> {
  const before = bare.received.length;
  bare.say({ type: 'renew', at: before, confirms: 0 });
  await eventually(
    () => Promise.resolve(bare.received.slice(before)),
    (words) => words.some((word) => word.type === 'lease' && word.askedAt === before),
  );
}

/** A bare connection on which the protocol has been changed; paused, nothing is answered on it. */
export async function upgraded({ url }: HubLine, token: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  const fields = [
    `GET /hub/ws HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    `Authorization: Bearer ${token}`,
  ];
  socket.write(`${fields.join('\r\n')}\r\n\r\n`);
  let seen = '';
  await new Promise<void>((resolve, reject) => {
    socket.on('data', function look(chunk: Buffer) {
      seen += chunk.toString('latin1');
      if (!seen.includes('\r\n\r\n')) return;
      socket.off('data', look);
      if (/^HTTP\/1\.1 101 /.test(seen)) resolve();
      else reject(new Error(seen));
    });
  });
  return socket;
}
