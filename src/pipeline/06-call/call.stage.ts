import type { Endpoint, OpcoAdapter, UpstreamRequest, UpstreamResponse } from '../../core/endpoint.js';
import { asOpcoviaError, fail, type OpcoviaError } from '../../core/errors.js';
import { Exchange } from '../../core/exchange.js';
import { budgetKey } from '../../core/keys.js';
import type { CallAnswer, PermitDecision, Permits } from '../../core/permits.js';
import type { Stage } from '../../core/stage.js';
import { retryAfterSeconds } from '../../core/retry-after.js';
import type { CallOutcome } from './breaker.js';
import { Bulkhead } from './bulkhead.js';
import type { Upstream, Upstreams } from './identities.js';
import type { OpcoClient } from './opco-client.js';
import type { LaneName, OpcoHealth } from './opco-health.js';
import { RetryBudget, withRetries } from './retry.js';
import { intend, tooLate } from './intend.js';
import { unreachable } from './unreachable.js';
import { laneOf, timesByDefault, type ClassTimes, type RouteClass } from './route-class.js';

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
  /** The product's own when absent. */
  readonly times?: Readonly<Record<RouteClass, ClassTimes>>;
}

/** Writes down a probe as any other exchange: audit row and metrics. */
export interface ProbeLog {
  run(exchange: Exchange): void | Promise<void>;
}

/** One exchange on its way out. */
interface Outgoing {
  readonly exchange: Exchange;
  readonly adapter: OpcoAdapter;
  readonly endpoint: Pick<Endpoint, 'kind'>;
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
  /** Over which lane it goes: a probe goes over that of the calls it stands for. */
  readonly routeClass: RouteClass;
  remainingMs(): number;
}

/**
 * Makes the call, in the name of the software and of the CFA. Reads are asked again where that is safe, a deposit never is.
 * Reads and deposits of an OPCO share nothing but its budget: each has its own line, connections and breaker.
 * Settles: 502 UPSTREAM_ERROR / UPSTREAM_AUTH, 503 UPSTREAM_UNAVAILABLE (no host, breaker open), 503 OVERLOADED (too many wait),
 * 504 UPSTREAM_TIMEOUT; `sent` always says how far the bytes came. Any answer at all is a response, refusals included: the next stage reads it.
 */
export class CallStage implements Stage {
  readonly name = 'call';
  readonly reads = ['adapter', 'endpoint', 'request', 'permit'] as const;
  readonly writes = ['response'] as const;
  readonly #retryBudgets = new Map<string, RetryBudget>();
  readonly #bulkheads = new Map<string, Bulkhead>();

  constructor(private readonly parts: CallParts) {}

  async run(exchange: Exchange): Promise<void> {
    const adapter = exchange.read('adapter');
    const endpoint = exchange.read('endpoint');
    const upstream = this.parts.upstreams.locate(adapter.id, exchange.call.tenant.environment);
    if (!upstream) throw unreachable(adapter, 'unconfigured', 60);
    const routeClass = endpoint.kind;
    const remainingMs = this.#clockFor(routeClass, exchange);
    const request = exchange.read('request');
    const outgoing = { exchange, adapter, endpoint, upstream, request, routeClass, remainingMs };
    exchange.write('response', await (endpoint.kind === 'read' ? this.#repeat(outgoing) : this.#attempt(outgoing)));
  }

  /** Milliseconds before this exchange's time is up, from now on. */
  #clockFor(routeClass: RouteClass, { clock }: Exchange): () => number {
    const deadline = clock.elapsed() + this.#times(routeClass).totalMs;
    return () => Math.max(1, deadline - clock.elapsed());
  }

  #times(routeClass: RouteClass): ClassTimes {
    return (this.parts.times ?? timesByDefault)[routeClass];
  }

  #repeat(outgoing: Outgoing): Promise<UpstreamResponse> {
    const { exchange, adapter } = outgoing;
    const budget = kept(
      this.#retryBudgets,
      laneOf(adapter.id, exchange.call.tenant.environment),
      () => new RetryBudget(),
    );
    budget.earn();
    return withRetries(() => this.#attempt(outgoing), {
      remainingMs: () => (exchange.call.signal?.aborted ? 0 : outgoing.remainingMs()),
      random: this.parts.random,
      wait: this.parts.wait,
      mayCallAgain: async () => budget.spend() && (await this.#takePermit(outgoing)) === undefined,
    });
  }

  /** Asks the breaker before standing in line, so that nobody waits to be refused, and again once it is the call's turn. */
  async #attempt(outgoing: Outgoing): Promise<UpstreamResponse> {
    const { exchange, adapter, endpoint, remainingMs } = outgoing;
    const lane = laneNameOf(outgoing);
    const heldBack = this.parts.health.breaker(lane).refusal(endpoint.kind === 'read');
    if (heldBack !== undefined) throw this.#refused(outgoing, heldBack);
    const name = laneOf(lane.opcoId, lane.environment, lane.routeClass);
    const bulkhead = kept(this.#bulkheads, name, () => new Bulkhead(adapter.limits.concurrency, exchange.clock));
    const { signal } = exchange.call;
    const leave = await bulkhead.enter({ ms: remainingMs(), ...(signal && { signal }) });
    try {
      return await this.#inside(outgoing, lane);
    } finally {
      leave();
    }
  }

  async #inside(outgoing: Outgoing, lane: LaneName): Promise<UpstreamResponse> {
    const { exchange, endpoint } = outgoing;
    const admission = this.parts.health.breaker(lane).admit(endpoint.kind === 'read');
    if (!admission.admitted) throw this.#refused(outgoing, admission.retryAfterSeconds);
    const begun = exchange.clock.elapsed();
    let outcome: CallOutcome = 'unknown';
    try {
      const response = await this.#send(outgoing);
      outcome = response.status >= 500 ? 'ill' : 'well';
      if (response.status === 429) this.#throttled(outgoing, response);
      else this.#answered(outgoing, { ms: exchange.clock.elapsed() - begun, failed: outcome === 'ill', ...response });
      return response;
    } catch (failure) {
      outcome = outcomeOf(asOpcoviaError(failure), exchange);
      const ms = exchange.clock.elapsed() - begun;
      if (outcome === 'ill') this.#answered(outgoing, { ms, failed: true, headers: {} });
      throw failure;
    } finally {
      admission.end(outcome);
      this.parts.health.record(lane, { ms: exchange.clock.elapsed() - begun, outcome });
    }
  }

  /** A deposit that begins with hardly any time left would end in doubt; the read that probes on its behalf is a read. */
  #leastMs(kind: RouteClass): number {
    return kind === 'read' ? leastMs : Math.max(leastMs, this.#times(kind).totalMs * leastShareOfDeposit);
  }

  #send(outgoing: Outgoing): Promise<UpstreamResponse> {
    const { exchange, adapter, endpoint, upstream, request, routeClass, remainingMs } = outgoing;
    const { call } = exchange;
    return this.parts.client.send({
      ...{ adapter, upstream, request, call, routeClass, remainingMs },
      headersMs: this.#times(routeClass).headersMs,
      beforeSend: async (resend) => {
        // What waited for a place until its time was nearly up says nothing about the OPCO.
        if (remainingMs() < this.#leastMs(endpoint.kind)) throw tooLate();
        if (call.signal?.aborted) throw fail('UPSTREAM_ERROR', { sent: 'not-sent' });
        const waitSeconds = resend > 0 ? await this.#takePermit({ exchange, adapter }) : undefined;
        // The 401 before it proves that nothing was applied.
        if (waitSeconds !== undefined) throw fail('RATE_LIMITED', { retryAfterSeconds: waitSeconds, sent: 'not-sent' });
        if (endpoint.kind === 'deposit') await intend(exchange);
        exchange.askedAt ??= exchange.clock.now();
        exchange.upstreamCalls += 1;
      },
    });
  }

  /** Undefined when a permit was had, else the seconds to wait for one. */
  async #takePermit(outgoing: Pick<Outgoing, 'exchange' | 'adapter'>): Promise<number | undefined> {
    const decision = await this.#ask(outgoing);
    return decision.granted ? undefined : Math.max(1, Math.ceil(decision.retryAfterSeconds));
  }

  /** Of a call that has had its place already, and is made once more, or of one that stands for it. */
  #ask({ exchange, adapter }: Pick<Outgoing, 'exchange' | 'adapter'>): Promise<PermitDecision> {
    const { hash, weight = 1, environment } = exchange.call.tenant;
    const { traffic, signal } = exchange.call;
    const asking = { tenant: hash, weight, patienceMs: permitPatienceMs, ...(signal && { signal }) };
    return this.parts.permits.ask(budgetKey(adapter.id, environment), traffic, asking);
  }

  #throttled({ exchange, adapter }: Outgoing, { headers }: UpstreamResponse): void {
    const { tenant } = exchange.call;
    const wait = retryAfterSeconds(headers['retry-after'], exchange.clock.now());
    this.parts.permits.throttled(budgetKey(adapter.id, tenant.environment), wait, tenant.hash);
  }

  #answered({ exchange, adapter }: Outgoing, { ms, failed, headers }: Omit<CallAnswer, 'tenant'>): void {
    const { tenant } = exchange.call;
    const budget = budgetKey(adapter.id, tenant.environment);
    this.parts.permits.answered(budget, { tenant: tenant.hash, ms, failed, headers });
  }

  /** Deposits alone would never close their breaker, since they are no probe: the OPCO's status is asked on their behalf. */
  #refused(outgoing: Outgoing, seconds: number): OpcoviaError {
    const halfOpen = this.parts.health.breaker(laneNameOf(outgoing)).state === 'half-open';
    if (outgoing.endpoint.kind === 'deposit' && halfOpen) void this.#probe(outgoing).catch(() => undefined);
    return unreachable(outgoing.adapter, 'breaker', seconds);
  }

  /** Draws on the OPCO's budget and is written down, as every call is; without a permit the next deposit tries. */
  async #probe(outgoing: Outgoing): Promise<void> {
    const { adapter, exchange } = outgoing;
    const endpoint = adapter.endpoints.status;
    if (!endpoint) return;
    const { signal: _, beforeSend: __, body: ___, ...call } = exchange.call;
    const decision = await this.#ask(outgoing);
    if (!decision.granted) return;
    const probe = new Exchange({ ...call, endpoint: 'status', query: {} }, exchange.clock);
    probe.write('adapter', adapter);
    probe.write('endpoint', endpoint);
    const begun = exchange.clock.elapsed();
    try {
      const request = endpoint.toRequest({ query: {} });
      const remainingMs = this.#clockFor('read', probe);
      probe.write('response', await this.#attempt({ ...outgoing, exchange: probe, endpoint, request, remainingMs }));
    } catch (failure) {
      probe.fail(failure);
    }
    probe.timings.push([this.name, exchange.clock.elapsed() - begun]);
    if (probe.upstreamCalls === 0) decision.permit.release();
    else await this.parts.probes.run(probe);
  }
}

function laneNameOf({ adapter, exchange, routeClass }: Outgoing): LaneName {
  return { opcoId: adapter.id, environment: exchange.call.tenant.environment, routeClass };
}

function kept<T>(map: Map<string, T>, name: string, make: () => T): T {
  let value = map.get(name);
  if (value === undefined) map.set(name, (value = make()));
  return value;
}

/** So long another permit is waited for. */
const permitPatienceMs = 250;
/** Less time than that is not worth a call. */
const leastMs = 100;
const leastShareOfDeposit = 0.4;

/** What the caller did (leaving) and what we lack (credentials, permits) says nothing about the OPCO. */
function outcomeOf(failure: OpcoviaError, exchange: Exchange): CallOutcome {
  if (exchange.call.signal?.aborted) return 'unknown';
  return failure.code === 'UPSTREAM_ERROR' || failure.code === 'UPSTREAM_TIMEOUT' || failure.code === 'UPSTREAM_INVALID'
    ? 'ill'
    : 'unknown';
}
