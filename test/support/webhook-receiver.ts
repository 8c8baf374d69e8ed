import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it came. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
  readonly at: number;
}

/** What a receiver answers; `hang` says nothing until the other side gives up. */
export type Answer =
  | number
  | 'hang'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer };

/** A receiver on loopback: it keeps what came and answers as it is told. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  answer: (request: Received) => Answer = () => 200;
  readonly #waiting = new Set<() => void>();
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = {
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        path: request.url ?? '',
        at: performance.now(),
      };
      this.received.push(one);
      const said = this.answer(one);
      const {
        status,
        headers = { location: '/elsewhere' },
        body = 'x',
      } = typeof said === 'object' ? said : { status: said };
      if (status !== 'hang') response.writeHead(status, headers).end(body);
      for (const look of this.#waiting) look();
    });
  });

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves once so many requests for the path have come. */
  until(count: number, path: string): Promise<Received[]> {
    return new Promise((resolve) => {
      const look = () => {
        const those = this.at(path);
        if (those.length < count) return;
        this.#waiting.delete(look);
        resolve(those);
      };
      this.#waiting.add(look);
      look();
    });
  }

  at(path: string): Received[] {
    return this.received.filter((each) => each.path === path);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
