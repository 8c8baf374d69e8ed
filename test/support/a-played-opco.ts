import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as the played OPCO got it. */
export interface Seen {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on loopback that speaks as one OPCO: `/token` hands out t1, t2...; everything else is up to the test. */
export class PlayedOpco {
  readonly seen: Seen[] = [];
  tokens = 0;
  answer: RequestListener = (_request, response) => void response.end('{}');
  tokenType = 'Bearer';
  #server: Server | undefined;

  async start(): Promise<URL> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url === '/token') {
      this.tokens += 1;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: `t${this.tokens}`, token_type: this.tokenType, expires_in: 3600 }));
      return;
    }
    this.seen.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
    this.answer(request, response);
  }
}
