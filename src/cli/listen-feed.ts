import type { EventPage } from '../core/contract/webhook.js';
import { retryAfterSeconds } from '../core/retry-after.js';
import { CommandError } from './command-errors.js';

/** A page that cannot be read now; the message is French. */
export class FeedUnavailable extends Error {
  override readonly name = 'FeedUnavailable';

  constructor(
    message: string,
    /** What the product asked to wait. */
    readonly waitMs: number | undefined,
  ) {
    super(message);
  }
}

/** Which product is asked, and as whom. */
export interface FeedDoor {
  readonly url: URL;
  readonly apiKey: string;
  readonly signal: AbortSignal;
}

const timeoutMs = 10_000;
const pageSize = '200';

/** `GET /events` of one CFA. Throws FeedUnavailable for what may pass, CommandError for what will not. */
export class ListenFeed {
  constructor(private readonly door: FeedDoor) {}

  /** All types and OPCOs: only so can a gap be seen. */
  after(sequence: number): Promise<EventPage> {
    return this.#read({ after: String(sequence), limit: pageSize });
  }

  /** The number of the newest event. Tests of webhooks are rare: asked for them alone, the feed says it in one page or two. */
  async newest(): Promise<number> {
    let page = await this.#read({ types: 'webhook.test', limit: pageSize });
    while (page.nextCursor !== null)
      page = await this.#read({ types: 'webhook.test', limit: pageSize, after: page.nextCursor });
    return page.upTo;
  }

  async #read(query: Readonly<Record<string, string>>): Promise<EventPage> {
    const { url, apiKey, signal } = this.door;
    const address = new URL(`${url.pathname.replace(/\/$/, '')}/events`, url);
    address.search = new URLSearchParams(query).toString();
    const answer = await fetch(address, {
      headers: { 'x-api-key': apiKey, accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    }).catch(() => {
      throw new FeedUnavailable(`Opcovia ne répond pas (${url.origin}).`, undefined);
    });
    const body: unknown = await answer.json().catch(() => undefined);
    if (answer.ok && body !== undefined) return body as EventPage;
    throw refusal(answer, body);
  }
}

function refusal({ status, headers }: Response, body: unknown): Error {
  if (status === 401 || status === 403) return new CommandError('Opcovia refuse la clé de OPCOVIA_API_KEY.');
  if (status === 429 || status >= 500 || (status >= 200 && status < 300)) {
    const seconds = retryAfterSeconds(headers.get('retry-after') ?? undefined, Date.now());
    return new FeedUnavailable(`Opcovia répond ${status}.`, seconds === undefined ? undefined : seconds * 1000);
  }
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? ` : ${String(body.detail)}` : '';
  return new CommandError(`Opcovia répond ${status}${detail}`);
}
