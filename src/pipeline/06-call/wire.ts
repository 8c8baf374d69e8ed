import { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import type { SentState } from '../../core/errors.js';

/** One HTTP request, complete: nothing is added to it but `Host` and `Content-Length`. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** What is not whole in memory comes with its `content-length` among the headers. */
  readonly body?: Buffer | AsyncIterable<Buffer>;
  /** From now to the last byte of the answer, waiting for a connection included. */
  readonly timeoutMs: number;
  /** From the last byte of the request to the status line; `timeoutMs` alone decides when absent. */
  readonly headersMs?: number;
  readonly signal?: AbortSignal;
}

/** What came back. Header names in lower case. `cut` when the body ended before it was complete. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly cut?: WireFailure;
}

/** No status line came back. `sent` says whether bytes of the request may have left. */
export class WireFailure extends Error {
  override readonly name = 'WireFailure';

  constructor(
    readonly why: 'timeout' | 'aborted' | 'too-large' | 'broken',
    readonly sent: SentState,
    cause: Error,
  ) {
    super(why, { cause });
  }
}

/** Settings of the connections; the defaults are those of the product. */
export interface WireLimits {
  readonly connectMs: number;
  readonly bodyBytes: number;
  /** Calls that may be under way at once in a lane; others wait for a connection. */
  readonly connectionsOf: (lane: string) => number;
}

const limitsByDefault: WireLimits = {
  connectMs: 3000,
  bodyBytes: 10 * 1024 * 1024,
  connectionsOf: () => 10,
};

/** HTTP/1.1 to the OPCOs. Follows no redirect, inflates nothing, obeys no proxy variable; lanes share no connection. */
export class Wire {
  readonly #pools = new Map<string, Pool>();
  readonly #limits: WireLimits;

  constructor(limits: Partial<WireLimits> = {}) {
    this.#limits = { ...limitsByDefault, ...limits };
  }

  send(lane: string, request: WireRequest): Promise<WireResponse> {
    const { origin, pathname, search } = request.url;
    return new Promise((resolve, reject) => {
      const flight = new Flight(request, resolve, reject);
      try {
        this.#pool(lane, origin).dispatch(
          {
            origin,
            path: `${pathname}${search}`,
            method: request.method,
            headers: request.headers,
            body: bodyOf(request.body),
            headersTimeout: request.headersMs ?? request.timeoutMs,
            bodyTimeout: request.timeoutMs,
          },
          flight,
        );
      } catch (error) {
        flight.onResponseError(undefined, error as Error);
      }
    });
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  #pool(lane: string, origin: string): Pool {
    const name = `${lane} ${origin}`;
    let pool = this.#pools.get(name);
    if (!pool) {
      const { connectMs, bodyBytes, connectionsOf } = this.#limits;
      const connections = connectionsOf(lane);
      pool = new Pool(origin, {
        connections,
        pipelining: 1,
        connect: { timeout: connectMs },
        maxResponseSize: bodyBytes,
      });
      this.#pools.set(name, pool);
    }
    return pool;
  }
}

/**
 * One request in the hands of undici.
 *
 *     waiting ──onRequestStart──▶ on the wire ──status line──▶ answering ──▶ answered
 *        │ not-sent                   │ maybe-sent                  │ cut
 *        └────────── timeout, abort, connection lost ───────────────┘
 */
class Flight implements Dispatcher.DispatchHandler {
  readonly #timer: NodeJS.Timeout;
  readonly #leave = () => this.#stop(new WireFailure('aborted', this.#sent(), new Error('aborted')));
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #head: { readonly status: number; readonly headers: Record<string, string> } | undefined;
  #over = false;

  constructor(
    private readonly request: WireRequest,
    private readonly resolve: (response: WireResponse) => void,
    private readonly reject: (failure: WireFailure) => void,
  ) {
    // Timers come before sockets when a busy process wakes: an answer that has arrived meanwhile is read first.
    this.#timer = setTimeout(
      () => setImmediate(() => this.#stop(new WireFailure('timeout', this.#sent(), new Error('deadline')))),
      request.timeoutMs,
    );
    request.signal?.addEventListener('abort', this.#leave, { once: true });
    if (request.signal?.aborted) this.#leave();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Called right before the first byte: too late is not sent. A second call would be undici sending again by itself.
    if (this.#over || this.#controller) controller.abort(new Error('not to be sent'));
    else this.#controller = controller;
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    const plain: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
      plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : (value ?? '');
    this.#head = { status, headers: plain };
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#settle();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#settle(new WireFailure(whyOf(error), this.#sent(), error));
  }

  /** Most answers come in one piece. */
  #body(): Buffer {
    const [first, ...others] = this.#chunks;
    return first && others.length === 0 ? first : Buffer.concat(this.#chunks);
  }

  #sent(): SentState {
    if (this.#head) return 'answered';
    return this.#controller ? 'maybe-sent' : 'not-sent';
  }

  #stop(failure: WireFailure): void {
    this.#settle(failure);
    this.#controller?.abort(failure);
  }

  #settle(failure?: WireFailure): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.request.signal?.removeEventListener('abort', this.#leave);
    if (this.#head) this.resolve({ ...this.#head, body: this.#body(), ...(failure && { cut: failure }) });
    else this.reject(failure ?? new WireFailure('broken', this.#sent(), new Error('no status line')));
  }
}

/** A stream, since undici reads no bare iterable on this way. */
function bodyOf(body: WireRequest['body']): Buffer | Readable | null {
  if (body === undefined || Buffer.isBuffer(body)) return body ?? null;
  return Readable.from(body, { objectMode: false });
}

function whyOf(error: Error): WireFailure['why'] {
  const code = (error as { code?: string }).code ?? '';
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return 'timeout';
  return code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' ? 'too-large' : 'broken';
}
