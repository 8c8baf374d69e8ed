import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An event that reached the receiver, and whether its signatures were right. */
export interface ReceivedEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
  readonly sequence: number;
  readonly verified: boolean;
}

/** A CFA's own server, as the documentation tells one to write it: verify first, then believe. */
export class WebhookReceiver {
  readonly received: ReceivedEvent[] = [];
  #secret = '';
  #waiting: (() => void)[] = [];
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const verified = isGenuine(this.#secret, request.headers, body);
      const { event, data, sequence } = JSON.parse(body.toString('utf8')) as Omit<ReceivedEvent, 'verified'>;
      this.received.push({ event, data, sequence, verified });
      response.writeHead(verified ? 204 : 401).end();
      for (const wake of this.#waiting.splice(0)) wake();
    });
  });

  /** Listens on loopback and gives the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** The secret that the creation of the webhook showed. */
  trust(secret: string): void {
    this.#secret = secret;
  }

  /** The first event that fits, received or still to come; fails after the time given. */
  async next(fits: (event: ReceivedEvent) => boolean, withinMs = 30_000): Promise<ReceivedEvent> {
    const deadline = AbortSignal.timeout(withinMs);
    for (;;) {
      const found = this.received.find(fits);
      if (found) return found;
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        deadline.addEventListener('abort', () => reject(new Error('the expected webhook did not come')), {
          once: true,
        });
      });
    }
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Both signatures of product.md 8, compared in constant time, and a timestamp of the last five minutes. */
function isGenuine(secret: string, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const id = String(headers['webhook-id']);
  const timestamp = String(headers['webhook-timestamp']);
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const standard = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
  const plain = createHmac('sha256', secret).update(body).digest('hex');
  const signatures = String(headers['webhook-signature']).split(' ');
  const recent = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
  return (
    recent && signatures.some((given) => same(given, standard)) && same(String(headers['opcovia-signature']), plain)
  );
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
