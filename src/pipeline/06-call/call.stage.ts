import type { Endpoint, OpcoAdapter, UpstreamRequest, UpstreamResponse } from '../../core/endpoint.js';
import { asOpcoviaError, fail, type OpcoviaError } from '../../core/errors.js';
import { Exchange } from '../../core/exchange.js';
import { budgetKey } from '../../core/keys.js';
import type { Permits } from '../../core/permits.js';
import type { Stage } from '../../core/stage.js';
import { retryAfterSeconds } from '../../core/retry-after.js';
import type { CallOutcome } from './breaker.js';
import { laneOf, type Upstream, type Upstreams } from './identities.js';
import type { OpcoClient } from './opco-client.js';
import { RetryBudget, withRetries } from './retry.js';
import type { OpcoHealth } from './opco-health.js';

/** What the stage is given. */
export interface CallParts {
  readonly client: Pick<OpcoClient, 'send'>;
  readonly upstreams: Upstreams;
  readonly health: OpcoHealth;
  readonly permits: Permits;
  /** Where calls are written down that no exchange of a caller stands for; never throws. */
  readonly probes: ProbeLog;
  /** 0 to 1. */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

/** Writes down a probe as any other exchange: audit row and metrics. */
export interface ProbeLog {
  run(exchange: Exchange): Promise<void>;
}

/** Shorter than a caller's patience (15 s), and than a worker's drain (30 s). */
const budgetMs = { read: 12_000, deposit: 25_000 } as const;

/** One exchange on its way out. */
interface Outgoing {
  readonly exchange: Exchange;
  readonly adapter: OpcoAdapter;
  readonly endpoint: Pick<Endpoint, 'kind'>;
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
  remainingMs(): number;
}

/**
 * Makes the call, in the name of the software and of the CFA. Reads are asked again where that is safe, a deposit never is.
 * Settles: 502 UPSTREAM_ERROR / UPSTREAM_AUTH, 503 UPSTREAM_UNAVAILABLE (no host, breaker open), 504 UPSTREAM_TIMEOUT; `sent` always says
 * how far the bytes came. Any answer at all is a response, refusals included: the next stage reads it.
 */
export class CallStage implements Stage {
  readonly name = 'call';
  readonly reads = ['adapter', 'endpoint', 'request', 'permit'] as const;
  readonly writes = ['response'] as const;
  readonly #retryBudgets = new Map<string, RetryBudget>();

  constructor(private readonly parts: CallParts) {}

  async run(exchange: Exchange): Promise<void> {
    const adapter = exchange.read('adapter');
    const endpoint = exchange.read('endpoint');
    const upstream = this.parts.upstreams.locate(adapter.id, exchange.call.tenant.environment);
    if (!upstream) throw unreachable(adapter, 'unconfigured', 60);
    const deadline = exchange.clock.elapsed() + budgetMs[endpoint.kind];
    const remainingMs = () => Math.max(1, deadline - exchange.clock.elapsed());
    const outgoing = { exchange, adapter, endpoint, upstream, request: exchange.read('request'), remainingMs };
    exchange.write('response', await (endpoint.kind === 'read' ? this.#repeat(outgoing) : this.#attempt(outgoing)));
  }

  #repeat(outgoing: Outgoing): Promise<UpstreamResponse> {
    const { exchange, adapter } = outgoing;
    const budget = this.#retryBudget(laneOf(adapter.id, exchange.call.tenant.environment));
    budget.earn();
    return withRetries(() => this.#attempt(outgoing), {
      remainingMs: () => (exchange.call.signal?.aborted ? 0 : outgoing.remainingMs()),
      random: this.parts.random,
      wait: this.parts.wait,
      mayCallAgain: () => budget.spend() && this.#takePermit(outgoing) === undefined,
    });
  }

  async #attempt(outgoing: Outgoing): Promise<UpstreamResponse> {
    const { exchange, adapter, endpoint } = outgoing;
    const { environment } = exchange.call.tenant;
    const admission = this.parts.health.breaker(adapter.id, environment).admit(endpoint.kind === 'read');
    if (!admission.admitted) throw this.#refused(outgoing, admission.retryAfterSeconds);
    const begun = exchange.clock.elapsed();
    let outcome: CallOutcome = 'unknown';
    try {
      const response = await this.#send(outgoing);
      outcome = response.status >= 500 ? 'ill' : 'well';
      if (response.status === 429) this.#throttled(outgoing, response);
      return response;
    } catch (failure) {
      outcome = outcomeOf(asOpcoviaError(failure), exchange);
      throw failure;
    } finally {
      admission.end(outcome);
      this.parts.health.record(adapter.id, environment, { ms: exchange.clock.elapsed() - begun, outcome });
    }
  }

  #send({ exchange, adapter, endpoint, upstream, request, remainingMs }: Outgoing): Promise<UpstreamResponse> {
    const { call } = exchange;
    return this.parts.client.send({
      adapter,
      upstream,
      request,
      call,
      remainingMs,
      beforeSend: async (resend) => {
        const waitSeconds = resend > 0 ? this.#takePermit({ exchange, adapter }) : undefined;
        // The 401 before it proves that nothing was applied.
        if (waitSeconds !== undefined) throw fail('RATE_LIMITED', { retryAfterSeconds: waitSeconds, sent: 'not-sent' });
        if (endpoint.kind === 'deposit') await call.beforeSend?.();
        exchange.askedAt ??= exchange.clock.now();
        exchange.upstreamCalls += 1;
      },
    });
  }

  /** Undefined when a permit was had, else the seconds to wait for one. */
  #takePermit({ exchange, adapter }: Pick<Outgoing, 'exchange' | 'adapter'>): number | undefined {
    const { tenant, traffic } = exchange.call;
    const decision = this.parts.permits.take(budgetKey(adapter.id, tenant.environment), traffic);
    return decision.granted ? undefined : Math.max(1, Math.ceil(decision.retryAfterSeconds));
  }

  #throttled({ exchange, adapter }: Outgoing, { headers }: UpstreamResponse): void {
    const budget = budgetKey(adapter.id, exchange.call.tenant.environment);
    this.parts.permits.throttled(budget, retryAfterSeconds(headers['retry-after'], exchange.clock.now()));
  }

  /** Deposits alone would never close the breaker, since they are no probe: the OPCO's status is asked on their behalf. */
  #refused(outgoing: Outgoing, seconds: number): OpcoviaError {
    const { exchange, adapter, endpoint } = outgoing;
    const halfOpen = this.parts.health.breaker(adapter.id, exchange.call.tenant.environment).state === 'half-open';
    if (endpoint.kind === 'deposit' && halfOpen) void this.#probe(outgoing).catch(() => undefined);
    return unreachable(adapter, 'breaker', seconds);
  }

  /** Draws on the OPCO's budget and is written down, as every call is; without a permit the next deposit tries. */
  async #probe(outgoing: Outgoing): Promise<void> {
    const { adapter, exchange } = outgoing;
    const endpoint = adapter.endpoints.status;
    if (!endpoint) return;
    const { signal: _, beforeSend: __, body: ___, ...call } = exchange.call;
    const decision = this.parts.permits.take(budgetKey(adapter.id, call.tenant.environment), call.traffic);
    if (!decision.granted) return;
    const probe = new Exchange({ ...call, endpoint: 'status', query: {} }, exchange.clock);
    probe.write('adapter', adapter);
    probe.write('endpoint', endpoint);
    const begun = exchange.clock.elapsed();
    try {
      const request = endpoint.toRequest({ query: {} });
      probe.write('response', await this.#attempt({ ...outgoing, exchange: probe, endpoint, request }));
    } catch (failure) {
      probe.fail(failure);
    }
    probe.timings.push([this.name, exchange.clock.elapsed() - begun]);
    if (probe.upstreamCalls === 0) decision.permit.release();
    else await this.parts.probes.run(probe);
  }

  #retryBudget(lane: string): RetryBudget {
    let budget = this.#retryBudgets.get(lane);
    if (!budget) this.#retryBudgets.set(lane, (budget = new RetryBudget()));
    return budget;
  }
}

/** What the caller did (leaving) and what we lack (credentials, permits) says nothing about the OPCO. */
function outcomeOf(failure: OpcoviaError, exchange: Exchange): CallOutcome {
  if (exchange.call.signal?.aborted) return 'unknown';
  return failure.code === 'UPSTREAM_ERROR' || failure.code === 'UPSTREAM_TIMEOUT' || failure.code === 'UPSTREAM_INVALID'
    ? 'ill'
    : 'unknown';
}

const reasons = {
  unconfigured: 'aucune adresse configurée pour cet environnement',
  breaker: 'trop de ses réponses récentes étaient des échecs',
} as const;

function unreachable(adapter: OpcoAdapter, unavailable: keyof typeof reasons, seconds: number): OpcoviaError {
  return fail('UPSTREAM_UNAVAILABLE', {
    detail: `${adapter.label} n'est pas joignable pour l'instant : ${reasons[unavailable]}.`,
    unavailable,
    retryAfterSeconds: seconds,
    sent: 'not-sent',
  });
}
