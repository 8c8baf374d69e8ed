import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tenant } from '../../core/tenant.js';
import type { Admission } from '../../tenancy/admission.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, as admission established it; absent on public routes only. */
    tenant?: Tenant;
  }
  interface FastifyContextConfig {
    public?: boolean;
  }
}

/** The documentation is served by libraries that know no decorator of ours. */
const openPaths = /^\/docs?(?:[/?#-]|$)/;

/** Whether a request needs no key: a route that says so, or the documentation. */
export function isOpen(request: FastifyRequest): boolean {
  return request.routeOptions.config.public === true || openPaths.test(request.url);
}

/**
 * Refuses before a body is read: a stranger costs a hash and a look-up, never a parser. Runs for unknown routes too, so that
 * without a key every path looks the same.
 */
export function admitHook(admission: Admission) {
  return async function admit(request: FastifyRequest, _reply: FastifyReply): Promise<void> {
    if (isOpen(request)) return;
    const presented = request.headers['x-api-key'];
    request.tenant = admission.peek(presented) ?? (await admission.admitTenant(presented));
  };
}
