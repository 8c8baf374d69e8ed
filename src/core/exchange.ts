import type { Clock } from './clock.js';
import type { Endpoint, EndpointName, OpcoAdapter, Question, UpstreamRequest, UpstreamResponse } from './endpoint.js';
import type { DepositFile } from './deposit-file.js';
import { asOpcoviaError, type Finding, type OpcoviaError } from './errors.js';
import type { Tenant } from './tenant.js';

/** Who makes the call: decides its share of the OPCO's budget. */
export type TrafficClass = 'interactive' | 'job' | 'poll' | 'bulk';

/** What the caller demands of the cache (RFC 9111 section 5.2.1); seconds. */
export interface CacheDemand {
  readonly noCache?: boolean;
  readonly noStore?: boolean;
  readonly maxAgeSeconds?: number;
  readonly onlyIfCached?: boolean;
  /** Accepts an answer that went stale at most this long ago; `Infinity` for any age. */
  readonly maxStaleSeconds?: number;
}

/** The question as it came in, before any stage has looked at it. */
export interface Call {
  readonly requestId: string;
  readonly tenant: Tenant;
  readonly opcoId: string;
  readonly endpoint: EndpointName;
  /** The endpoint is the first of several, which are judged together (`OpcoAdapter.complet`). */
  readonly composite?: true;
  readonly traffic: TrafficClass;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  /** Deposits only: the files that came along, and what is wrong with the way they came. */
  readonly files?: readonly DepositFile[];
  readonly fileFindings?: readonly Finding[];
  /** The CFA's key at the OPCO where the caller brings it along (`cfakeyinfo` only); never logged, hashed before it names anything. */
  readonly cfaKey?: string;
  readonly cache: CacheDemand;
  /** The caller's network, as `networkOf` shortens it: for the audit trail. */
  readonly source?: string;
  /** W3C trace context to hand on. */
  readonly traceparent?: string;
  /**
   * Called once per attempt, right before the first byte goes out: the place of the intent row and of the fencing check.
   * Throwing stops the call.
   */
  readonly beforeSend?: () => Promise<void>;
  /** Ends the upstream call early: the client left, or the process drains. */
  readonly signal?: AbortSignal | undefined;
}

/** A permit to make one upstream call; `release` gives it back unused. */
export interface Permit {
  release(): void;
}

/** An answer as bytes, ready for the wire and for the cache. */
export interface Reply {
  /** UTF-8 JSON. */
  readonly body: Buffer;
  /** Strong validator, quoted (RFC 9110 section 8.8.3). */
  readonly etag: string;
  /** Milliseconds since the epoch at which the OPCO gave the answer. */
  readonly storedAt: number;
  /** Seconds the answer is fresh from `storedAt`; 0 when it is not kept. */
  readonly ttlSeconds: number;
  /** How the cache took part (RFC 9211). */
  readonly cacheStatus: 'hit' | 'miss' | 'bypass' | 'stale';
  /** Whether the cache has it: a write may be refused, by a store that is away or by a forget since the question. */
  readonly kept: boolean;
  /** The parsed answer; parsed once, on demand. */
  value(): unknown;
}

/** What stages write for later stages; each slot is written once, by one stage. */
export interface Slots {
  adapter: OpcoAdapter;
  endpoint: Endpoint;
  question: Question;
  permit: Permit;
  request: UpstreamRequest;
  response: UpstreamResponse;
  candidate: unknown;
  answer: unknown;
  reply: Reply;
}

/** The name of a slot. */
export type Slot = keyof Slots;

/**
 * One question on its way, and in the end its answer.
 *
 *     open ──settle(reply)──▶ settled      open ──fail(error)──▶ settled
 *                                               └─ rescue(error) gives a reply ──▶ settled by that reply
 *
 * The first to settle wins; slots are written once and never read before.
 */
export class Exchange {
  /** Stage name and milliseconds, in the order they ran: `Server-Timing`. */
  readonly timings: [string, number][] = [];
  /** Calls that went upstream for this exchange, retries included. */
  upstreamCalls = 0;
  /** Milliseconds since the epoch at which the first of them began: what was forgotten later must not come back with its answer. */
  askedAt: number | undefined;
  #slots: Partial<Slots> = {};
  #failure: OpcoviaError | undefined;
  #rescuedFrom: OpcoviaError | undefined;
  #rescue: ((failure: OpcoviaError) => Reply | undefined) | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(
    readonly call: Call,
    readonly clock: Clock,
  ) {}

  get settled(): boolean {
    return this.#failure !== undefined || this.#slots.reply !== undefined;
  }

  get failure(): OpcoviaError | undefined {
    return this.#failure;
  }

  /** The failure in whose place an older answer was given. */
  get rescuedFrom(): OpcoviaError | undefined {
    return this.#rescuedFrom;
  }

  has(slot: Slot): boolean {
    return this.#slots[slot] !== undefined;
  }

  read<S extends Slot>(slot: S): Slots[S] {
    const value = this.#slots[slot];
    if (value === undefined) throw new Error(`"${slot}" read before it was written`);
    return value as Slots[S];
  }

  /** The slot's value, or undefined where an exchange may settle before it is written. */
  peek<S extends Slot>(slot: S): Slots[S] | undefined {
    return this.#slots[slot];
  }

  write<S extends Slot>(slot: S, value: Slots[S]): void {
    if (this.#slots[slot] !== undefined) throw new Error(`"${slot}" written twice`);
    this.#slots[slot] = value;
    if (slot === 'reply') this.#announce();
  }

  /** Ends the exchange with an answer, unless it has already ended: how a hit, or an answer shared with others, passes over the rest. */
  settle(reply: Reply): void {
    if (!this.settled) this.write('reply', reply);
  }

  /**
   * Ends the exchange with a failure, or with what `rescueWith` has laid aside, unless it has already ended.
   * Whose caller has left needs no rescue: an old answer would only pass for the OPCO's to those who wait along.
   */
  fail(thrown: unknown): void {
    if (this.settled) return;
    const failure = asOpcoviaError(thrown);
    const reply = this.call.signal?.aborted ? undefined : this.#rescue?.(failure);
    if (reply) {
      this.#rescuedFrom = failure;
      this.write('reply', reply);
      return;
    }
    this.#failure = failure;
    this.#announce();
  }

  /** Lays aside a reply for the failures it may stand in for; `rescue` answers undefined for the others. */
  rescueWith(rescue: (failure: OpcoviaError) => Reply | undefined): void {
    this.#rescue = rescue;
  }

  /** Calls back once the exchange has ended, at once if it already has: where a room gives back what it took. */
  whenSettled(listener: () => void): void {
    if (this.settled) listener();
    else this.#listeners.push(listener);
  }

  /** The answer's bytes; throws the failure that settled the exchange instead. */
  answer(): Buffer {
    return this.reply().body;
  }

  /** The reply; throws the failure that settled the exchange instead. */
  reply(): Reply {
    if (this.#failure) throw this.#failure;
    return this.read('reply');
  }

  #announce(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
