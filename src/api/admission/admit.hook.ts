import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tenant } from '../../core/tenant.js';
import type { Admission } from '../../tenancy/admission.js';
import { callerAddress } from './caller-address.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, as admission established it; absent on public routes only. */
    tenant?: Tenant;
  }
  interface FastifyContextConfig {
    public?: boolean;
    takesFiles?: boolean;
  }
}

/** The routes of the documentation, whose libraries know no decorator of ours; no other route begins so. */
const documentation = /^\/docs?(?:[/-]|$)/;

/**
 * Whether a request needs no key: a route that says so, or the reading of the documentation. It is the matched route that
 * counts, never the address: `POST /docs/dossiers` is a deposit at an OPCO that there is not.
 */
export function isOpen({ method, routeOptions }: FastifyRequest): boolean {
  if (routeOptions.config.public === true) return true;
  return (method === 'GET' || method === 'HEAD') && documentation.test(routeOptions.url ?? '');
}

/**
 * Refuses before a body is read: a stranger costs a hash and a look-up, never a parser. Runs for unknown routes too, so that
 * without a key every path looks the same.
 */
export function admitHook(admission: Admission) {
  return async function admit(request: FastifyRequest, _reply: FastifyReply): Promise<void> {
    if (isOpen(request)) return;
    const presented = request.headers['x-api-key'];
    request.tenant = admission.peek(presented) ?? (await admission.admitTenant(presented, callerAddress(request)));
  };
}
