import type { ExecutionContext } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import type { OpcoAdapter } from '../core/endpoint.js';
import type { DepositFile } from '../core/deposit-file.js';
import type { Finding } from '../core/errors.js';
import { Exchange, type Call } from '../core/exchange.js';
import { networkOf } from '../core/network-of.js';
import type { Tenant } from '../core/tenant.js';
import { validTraceparent } from '../core/traceparent.js';
import { cacheDemandOf } from './cache-demand.js';
import { PIPELINE_ROUTE, type PipelineRoute } from './pipeline-route.js';

/** What the pipeline needs of a Fastify request. `tenant` was put there by admission; `exchange` is put there here. */
export interface PipelineRequest {
  readonly id: string;
  /** The caller's address. */
  readonly ip?: string;
  readonly tenant?: Tenant;
  exchange?: Exchange;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** The files of a deposit, and what is wrong with the way they came. */
  readonly received?: { readonly files: readonly DepositFile[]; readonly findings: readonly Finding[] };
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What the pipeline needs of a Fastify reply: to notice that the client leaves. */
export interface PipelineResponse {
  readonly raw: {
    readonly writableFinished: boolean;
    readonly closed: boolean;
    once(event: 'close', listener: () => void): unknown;
  };
}

/** The exchange of each HTTP request: made on first sight, then the same for all stages, the handler and the hooks. */
export class HttpExchanges {
  constructor(
    private readonly clock: Clock,
    private readonly adapterOf: (opcoId: string) => OpcoAdapter | undefined,
  ) {}

  of(context: ExecutionContext): Exchange {
    const http = context.switchToHttp();
    const request = http.getRequest<PipelineRequest>();
    if (request.exchange) return request.exchange;
    const route = Reflect.getMetadata(PIPELINE_ROUTE, context.getHandler()) as PipelineRoute | undefined;
    if (!route) throw new Error('The pipeline was entered without a route');
    return (request.exchange = this.begin(route, request, http.getResponse<PipelineResponse>()));
  }

  /** A new exchange, which the request does not hold yet. */
  begin(route: PipelineRoute, request: PipelineRequest, response: PipelineResponse): Exchange {
    const { tenant } = request;
    if (!tenant) throw new Error('The pipeline was entered without a tenant');
    const params = recordOf(request.params);
    const opcoId = String(params['opcoId']);
    const raw = merged(recordOf(request.query), params);
    const cfaKey = route.endpoint === 'cfakeyinfo' ? takeCfaKey(request, raw) : undefined;
    const traceparent = validTraceparent(header(request, 'traceparent'));
    const source = networkOf(request.ip ?? '');
    const deposit = route.endpoint.startsWith('deposit') ? depositOf(request) : undefined;
    const asked = this.#asked(raw, opcoId, route);
    let left: AbortSignal | undefined;
    const call: Call = {
      requestId: request.id,
      tenant,
      opcoId,
      endpoint: route.endpoint,
      traffic: 'interactive',
      query: asked.query,
      cache: cacheDemandOf(header(request, 'cache-control')),
      ...deposit,
      ...(route.composite && { composite: true }),
      ...(cfaKey !== undefined && { cfaKey }),
      ...(traceparent !== undefined && { traceparent }),
      ...(source !== undefined && { source }),
      // Made for who asks for it: an answer out of memory is gone before anybody could leave.
      get signal() {
        return deposit ? undefined : (left ??= leftSignal(response));
      },
    };
    const exchange = new Exchange(call, this.clock);
    if ('refusal' in asked) exchange.fail(asked.refusal);
    return exchange;
  }

  /** A route that asks in its own words may refuse them; the exchange then ends before the first stage, and is recorded like any other. */
  #asked(raw: Call['query'], opcoId: string, { ask }: PipelineRoute): Asked {
    const adapter = this.adapterOf(opcoId);
    if (!ask || !adapter) return { query: raw };
    try {
      return { query: ask(raw, adapter) };
    } catch (refusal) {
      return { query: raw, refusal };
    }
  }
}

interface Asked {
  readonly query: Call['query'];
  readonly refusal?: unknown;
}

function depositOf({ body, received }: PipelineRequest): Pick<Call, 'body' | 'files' | 'fileFindings'> {
  return { body, ...(received && { files: received.files, fileFindings: received.findings }) };
}

/** All but the OPCO's name. What stands both in the path and in the query has two values, which the contract refuses; none wins in silence. */
function merged(
  query: Readonly<Record<string, unknown>>,
  params: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const both = { ...query };
  for (const name of Object.keys(params)) {
    if (name === 'opcoId') continue;
    both[name] = Object.hasOwn(query, name) ? [query[name], params[name]] : params[name];
  }
  return both;
}

/** The key to be judged leaves the query at once: from here on it is a secret of the call, not a parameter. Given twice it stays, and is refused. */
function takeCfaKey(request: PipelineRequest, query: Record<string, unknown>): string | undefined {
  const { XAPIKEY: inQuery } = query;
  if (typeof inQuery === 'string') delete query['XAPIKEY'];
  return header(request, 'x-cfa-key') ?? (typeof inQuery === 'string' ? inQuery : undefined);
}

/** Aborts when the client leaves before its answer is complete. */
function leftSignal({ raw }: PipelineResponse): AbortSignal {
  const left = new AbortController();
  const look = () => {
    if (!raw.writableFinished) left.abort();
  };
  if (raw.closed) look();
  else raw.once('close', look);
  return left.signal;
}

const none: Readonly<Record<string, unknown>> = {};

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : none;
}

function header(request: PipelineRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
