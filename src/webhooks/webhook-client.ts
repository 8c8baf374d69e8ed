import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { Clock } from '../core/clock.js';
import type { AddressPolicy } from './address-policy.js';

const maxHeaderBytes = 16_384;
const maxBodyBytes = 65_536;

/** How a name becomes addresses; a port, so that tests own the names. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** What became of one attempt. `status` is null when no complete answer came in time, for whatever reason. */
export interface AttemptOutcome {
  readonly status: number | null;
  readonly durationMs: number;
}

/** What a client needs. */
export interface WebhookClientOptions {
  readonly policy: AddressPolicy;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly resolve?: Resolve;
}

/** The addresses that the system's resolver gives, in its order of preference. */
const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/**
 * Sends attempts to receivers that nobody trusts: the address dialled is the address judged, redirects are not followed,
 * proxies of the environment are not asked, answers are neither decompressed nor kept, and one deadline covers it all.
 */
export class WebhookClient {
  readonly #agent: Agent;

  constructor(private readonly options: WebhookClientOptions) {
    this.#agent = new Agent({
      connect: pinnedConnector(options),
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      // Shorter than the idle time of any usual server, so that a POST never meets a connection being closed.
      keepAliveTimeout: 2000,
      keepAliveMaxTimeout: 2000,
      pipelining: 1,
    });
  }

  /** POSTs the body; never throws, and never says why no answer came. */
  async post(url: string, body: Buffer, headers: Record<string, string>): Promise<AttemptOutcome> {
    const begun = this.options.clock.elapsed();
    const deadline = AbortSignal.timeout(this.options.timeoutMs);
    const status = await this.#exchange(new URL(url), { body, headers, deadline }).catch(() => null);
    return { status, durationMs: Math.round(this.options.clock.elapsed() - begun) };
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #exchange(url: URL, { body, headers, deadline }: Sending): Promise<number> {
    const answer = await this.#agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'Opcovia-Webhooks/1',
        ...headers,
      },
      signal: deadline,
    });
    let read = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      read += chunk.length;
      // Leaving the loop destroys the connection: an endless answer costs 64 kB, and its status decides.
      if (read >= maxBodyBytes) break;
    }
    return answer.statusCode;
  }
}

interface Sending {
  readonly body: Buffer;
  readonly headers: Record<string, string>;
  readonly deadline: AbortSignal;
}

/** Resolves, judges every answer, and dials the first good address itself: no second look-up can give another one. */
function pinnedConnector({
  policy,
  timeoutMs,
  resolve = systemResolve,
}: WebhookClientOptions): buildConnector.connector {
  const dial = buildConnector({ timeout: timeoutMs });
  return (options, callback) => {
    const secure = options.protocol === 'https:';
    const port = Number(options.port || (secure ? 443 : 80));
    const host = options.hostname.replace(/^\[(.*)\]$/, '$1');
    const goodAddress = async (): Promise<string> => {
      const addresses = isIP(host) === 0 ? await resolve(host) : [host];
      const good = addresses.find((each) => (secure ? policy.allows(each, port) : policy.exempts(each, port)));
      if (good === undefined) throw new Error('No address that may be dialled');
      return good;
    };
    goodAddress().then(
      (address) => dial({ ...options, hostname: address }, callback),
      (error: Error) => callback(error, null),
    );
  };
}
