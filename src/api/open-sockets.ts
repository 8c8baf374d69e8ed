import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** How often the end of a server looks for connections that have become idle. */
const lookMs = 50;

/** What a connection that has never asked anything is still given. */
const silentMs = 1000;

/**
 * Lets go of the connections of a server that is about to end: `server.close()` closes the idle ones of that one moment and
 * then waits for the others, even when the client keeps them open for its next request. As long as the server listens nothing
 * is closed from here: a request may be on its way on any of them.
 *
 *     listening ──close()──▶ asking ──answered──▶ idle ──look──▶ closed
 *                            silent ──1 s──▶ closed        the rest ──limit──▶ closed
 */
export class OpenSockets {
  readonly #silent = new Set<Socket>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#silent.add(socket);
      socket.once('close', () => this.#silent.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage) => this.#silent.delete(socket));
  }

  /** Begins to let go, and gives the function that ends it: call it when the server is closed. */
  letGo(limitMs: number): () => void {
    let looks = 0;
    const looking = setInterval(() => {
      if (!this.server.listening) this.#look(++looks * lookMs);
    }, lookMs);
    const limit = setTimeout(() => this.server.closeAllConnections(), limitMs);
    return () => {
      clearInterval(looking);
      clearTimeout(limit);
    };
  }

  #look(closedForMs: number): void {
    this.server.closeIdleConnections();
    if (closedForMs < silentMs) return;
    for (const socket of this.#silent) socket.destroy();
  }
}
