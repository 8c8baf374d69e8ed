import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { Clock } from '../core/clock.js';
import { retryAfterSeconds } from '../core/retry-after.js';
import type { AddressPolicy } from './address-policy.js';
import { excerptSourceBytes } from './excerpt.js';

const maxHeaderBytes = 16_384;
const maxBodyBytes = 65_536;

/** The header fields that every attempt carries, whatever it tells. */
export const fixedHeaders = {
  'content-type': 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'Opcovia-Webhooks/1',
} as const;

/** How a name becomes addresses; a port, so that tests own the names. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** What became of one attempt. `status` is null when no complete answer came in time, for whatever reason. */
export interface AttemptOutcome {
  readonly status: number | null;
  readonly durationMs: number;
  /** What a readable `Retry-After` asks for. */
  readonly retryAfterSeconds?: number;
  /** The first 4 kB of the answer; empty when it came encoded, whatever its encoding. */
  readonly answer: Buffer;
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
 * proxies of the environment are not asked, answers are never decompressed, and one deadline covers it all. What may not be dialled
 * ends like what does not answer, at the deadline: time tells nobody how a name resolves inside.
 */
export class WebhookClient {
  readonly #agent: Agent;
  readonly #released = new AbortController();

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
    const answer = await this.#exchange(new URL(url), { body, headers, deadline }).catch(async (error: unknown) => {
      if (error instanceof NotDialled) await reached(AbortSignal.any([deadline, this.#released.signal]));
      return unanswered;
    });
    return { ...answer, durationMs: Math.round(this.options.clock.elapsed() - begun) };
  }

  /** From now on, nothing that could not be dialled is waited for: the process is stopping. */
  stopWaiting(): void {
    this.#released.abort();
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #exchange(url: URL, { body, headers, deadline }: Sending): Promise<Answer> {
    const answer = await this.#agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      body,
      headers: { ...fixedHeaders, ...headers },
      signal: deadline,
    });
    const kept: Buffer[] = [];
    let read = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      if (read < excerptSourceBytes) kept.push(chunk.subarray(0, excerptSourceBytes - read));
      read += chunk.length;
      // Leaving the loop destroys the connection: an endless answer costs 64 kB, and its status decides.
      if (read >= maxBodyBytes) break;
    }
    const asked = retryAfterSeconds(single(answer.headers['retry-after']), this.options.clock.now());
    return {
      status: answer.statusCode,
      ...(asked !== undefined && { retryAfterSeconds: asked }),
      answer: isPlain(answer.headers['content-encoding']) ? Buffer.concat(kept) : Buffer.alloc(0),
    };
  }
}

type Answer = Omit<AttemptOutcome, 'durationMs'>;

const unanswered: Answer = { status: null, answer: Buffer.alloc(0) };

/** No address of the name may be dialled, or it has none. */
class NotDialled extends Error {
  override readonly name = 'NotDialled';
}

function reached(end: AbortSignal): Promise<void> {
  if (end.aborted) return Promise.resolve();
  return new Promise((resolve) => end.addEventListener('abort', () => resolve(), { once: true }));
}

type Field = string | string[] | undefined;

/** A field that came twice says nothing. */
const single = (field: Field) => (typeof field === 'string' ? field.trim() : undefined);

const isPlain = (encoding: Field) => encoding === undefined || single(encoding)?.toLowerCase() === 'identity';

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
      const addresses = isIP(host) === 0 ? await resolve(host).catch(() => []) : [host];
      const good = addresses.find((each) => (secure ? policy.allows(each, port) : policy.exempts(each, port)));
      if (good === undefined) throw new NotDialled('No address that may be dialled');
      return good;
    };
    goodAddress().then(
      (address) => dial({ ...options, hostname: address }, callback),
      (error: Error) => callback(error, null),
    );
  };
}
