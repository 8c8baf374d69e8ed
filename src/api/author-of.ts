import type { FastifyRequest } from 'fastify';
import type { Author } from '../audit/audit-trail.js';
import { networkOf } from '../core/network-of.js';
import type { Tenant } from '../core/tenant.js';
import { callerAddress } from './admission/caller-address.js';

/** The caller as the audit trail names it: the id of its key, the request, the network it spoke from. */
export function authorOf(tenant: Tenant, request: FastifyRequest): Author & { readonly requestId: string } {
  return { actor: `key:${tenant.keyId}`, requestId: request.id, ...sourceOf(request) };
}

/** The caller's network, where its address is one. */
export function sourceOf(request: Pick<FastifyRequest, 'ip' | 'socket'>): { readonly source?: string } {
  const source = networkOf(callerAddress(request));
  return source === undefined ? {} : { source };
}
