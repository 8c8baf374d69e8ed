import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { Logger } from 'pino';
import { shortTenant } from '../core/tenant.js';
import type { Metrics } from '../platform/metrics/metrics.js';

/** One line and one observation per answer: route pattern instead of URL, eight digits of the tenant, nothing of the content. */
export function accessLogHook(log: Logger, metrics: Metrics) {
  return function accessLog(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    const route = request.routeOptions.url ?? 'unknown';
    const ms = reply.elapsedTime;
    metrics.requestDuration.observe({ method: request.method, route, status: reply.statusCode }, ms / 1000);
    log.info(
      {
        requestId: request.id,
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(ms * 10) / 10,
        ...(request.tenant && { tenant: shortTenant(request.tenant.hash) }),
      },
      'answered',
    );
    done();
  };
}
