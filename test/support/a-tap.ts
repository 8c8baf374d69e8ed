import { connect, createServer, type Server, type Socket } from 'node:net';

interface Trap {
  /** Whether these bytes towards the server, the so-manieth of their connection, spring it. */
  readonly springs: (bytes: Buffer, sent: number) => boolean;
  readonly kind: 'stall' | 'swallow';
  readonly sprung: () => void;
}

/** A link to a TCP server on this machine in which a test can hold a request in its middle, or lose the answer to one. */
export class Tap {
  readonly #sockets = new Set<Socket>();
  #trap: Trap | undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    /** The target's URL by way of this tap. */
    readonly url: string,
  ) {
    server.on('connection', (near) => this.#join(near));
  }

  static async to(url: string): Promise<Tap> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const near = new URL(url);
    near.host = `127.0.0.1:${address.port}`;
    return new Tap(server, new URL(url), near.href.replace(/\/$/, ''));
  }

  /** The next connection that sends more than this is held there for ever; resolves when it is. */
  stallAfter(bytes: number): Promise<void> {
    return this.#set('stall', (_chunk, sent) => sent > bytes);
  }

  /** The next request with this text arrives, its answer does not: the connection is reset in its place. Resolves when it is. */
  swallowAnswerTo(text: string): Promise<void> {
    return this.#set('swallow', (chunk) => chunk.includes(text));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }

  #set(kind: Trap['kind'], springs: Trap['springs']): Promise<void> {
    return new Promise((resolve) => (this.#trap = { kind, springs, sprung: resolve }));
  }

  #join(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => (this.#sockets.delete(socket), other.destroy()));
    }
    let sent = 0;
    let swallowed: Trap | undefined;
    near.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      const trap = this.#trap?.springs(chunk, sent) ? this.#trap : undefined;
      if (trap) this.#trap = undefined;
      if (trap?.kind === 'swallow') swallowed = trap;
      if (trap?.kind !== 'stall') return void far.write(chunk);
      near.pause();
      trap.sprung();
    });
    far.on('data', (chunk: Buffer) => {
      if (!swallowed) return void near.write(chunk);
      near.resetAndDestroy();
      swallowed.sprung();
    });
  }
}
