import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { Tenant } from '../../core/tenant.js';
import type { PipelineRoute } from '../../pipeline/through-pipeline.decorator.js';
import type { Admission } from '../../tenancy/admission.js';
import { callerAddress } from './caller-address.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, as admission established it; absent on public routes only. */
    tenant?: Tenant;
  }
  interface FastifyContextConfig {
    public?: boolean;
    /** Routes that the fast lane may answer. */
    pipeline?: PipelineRoute;
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
  const look = async (request: FastifyRequest): Promise<void> => {
    request.tenant = await admission.admitTenant(request.headers['x-api-key'], callerAddress(request));
  };
  // With a callback, as all hooks that seldom wait: a promise for each would be paid for by every request.
  return function admit(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
    if (isOpen(request)) return done();
    const known = admission.peek(request.headers['x-api-key']);
    if (!known) return void look(request).then(() => done(), done);
    request.tenant = known;
    done();
  };
}
