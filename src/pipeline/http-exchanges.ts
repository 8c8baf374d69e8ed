import type { ExecutionContext } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import type { OpcoAdapter } from '../core/endpoint.js';
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
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface PipelineResponse {
  readonly raw: { readonly writableFinished: boolean; once(event: 'close', listener: () => void): unknown };
}

/** The exchange of each HTTP request: made on first sight, then the same for all stages, the handler and the hooks. */
export class HttpExchanges {
  constructor(
    private readonly clock: Clock,
    private readonly adapterOf: (opcoId: string) => OpcoAdapter | undefined,
  ) {}

  of(context: ExecutionContext): Exchange {
    const request = context.switchToHttp().getRequest<PipelineRequest>();
    return (request.exchange ??= this.#begin(context, request));
  }

  #begin(context: ExecutionContext, request: PipelineRequest): Exchange {
    const route = Reflect.getMetadata(PIPELINE_ROUTE, context.getHandler()) as PipelineRoute | undefined;
    if (!route || !request.tenant) throw new Error('The pipeline was entered without a route or without a tenant');
    const { opcoId, ...params } = asRecord(request.params);
    const raw = merged(asRecord(request.query), params);
    const cfaKey = route.endpoint === 'cfakeyinfo' ? takeCfaKey(request, raw) : undefined;
    const traceparent = validTraceparent(header(request, 'traceparent'));
    const source = networkOf(request.ip ?? '');
    const call: Call = {
      requestId: request.id,
      tenant: request.tenant,
      opcoId: String(opcoId),
      endpoint: route.endpoint,
      traffic: 'interactive',
      query: raw,
      cache: cacheDemandOf(header(request, 'cache-control')),
      ...(route.endpoint.startsWith('deposit') ? { body: request.body } : { signal: leftSignal(context) }),
      ...(cfaKey !== undefined && { cfaKey }),
      ...(traceparent !== undefined && { traceparent }),
      ...(source !== undefined && { source }),
    };
    return this.#asked(call, route);
  }

  /** A route that asks in its own words may refuse them; the exchange then ends before the first stage, and is recorded like any other. */
  #asked(call: Call, { ask }: PipelineRoute): Exchange {
    const adapter = this.adapterOf(call.opcoId);
    if (!ask || !adapter) return new Exchange(call, this.clock);
    try {
      return new Exchange({ ...call, query: ask(call.query, adapter) }, this.clock);
    } catch (refusal) {
      const exchange = new Exchange(call, this.clock);
      exchange.fail(refusal);
      return exchange;
    }
  }
}

/** A name that stands both in the path and in the query has two values, which the contract refuses; none wins in silence. */
function merged(query: Record<string, unknown>, params: Record<string, unknown>): Record<string, unknown> {
  const both = { ...query, ...params };
  for (const name of Object.keys(params)) if (Object.hasOwn(query, name)) both[name] = [query[name], params[name]];
  return both;
}

/** The key to be judged leaves the query at once: from here on it is a secret of the call, not a parameter. Given twice it stays, and is refused. */
function takeCfaKey(request: PipelineRequest, query: Record<string, unknown>): string | undefined {
  const { XAPIKEY: inQuery } = query;
  if (typeof inQuery === 'string') delete query['XAPIKEY'];
  return header(request, 'x-cfa-key') ?? (typeof inQuery === 'string' ? inQuery : undefined);
}

/** Aborts when the client leaves before its answer is complete. */
function leftSignal(context: ExecutionContext): AbortSignal {
  const { raw } = context.switchToHttp().getResponse<PipelineResponse>();
  const left = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) left.abort();
  });
  return left.signal;
}

function asRecord(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? { ...value } : {};
}

function header(request: PipelineRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
