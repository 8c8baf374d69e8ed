import { connect, createServer, type Server, type Socket } from 'node:net';

/** A link to a TCP server on this machine that a test can cut and mend. */
export class Link {
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    /** The target's URL by way of this link. */
    readonly url: string,
  ) {
    server.on('connection', (near) => this.#join(near));
  }

  static async to(url: string): Promise<Link> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const near = new URL(url);
    near.host = `127.0.0.1:${address.port}`;
    return new Link(server, new URL(url), near.href);
  }

  /** Whoever is connected is thrown out, whoever comes is turned away. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  #join(near: Socket): void {
    if (this.#cut) return void near.destroy();
    const far = connect(Number(this.target.port), this.target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => (this.#sockets.delete(socket), other.destroy()));
      socket.pipe(other);
    }
  }
}
