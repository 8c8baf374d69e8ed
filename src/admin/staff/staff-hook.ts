import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../../core/errors.js';
import { includesRole } from './staff-role.js';
import type { StaffTokens } from './staff-tokens.js';

/**
 * Lets staff in before a body is read. It is the matched route that counts, never the address; a path that leads nowhere needs a
 * token as well, so that a stranger learns nothing of what there is.
 */
export function staffHook(tokens: StaffTokens) {
  return async function admitStaff(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { staff: needed = 'admin' } = request.routeOptions.config;
    if (needed === 'open') return;
    // Asked for by RFC 6750, and harmless where the answer is another one: it is taken off again.
    void reply.header('www-authenticate', 'Bearer realm="opcovia-staff"');
    const staff = await tokens.judge(request.headers.authorization);
    void reply.removeHeader('www-authenticate');
    const known = request.routeOptions.url !== undefined;
    if (known && !includesRole(staff.role, needed))
      throw fail('STAFF_ROLE_MISSING', { detail: `Cette opération demande le rôle ${needed}.` });
    request.staff = staff;
  };
}
