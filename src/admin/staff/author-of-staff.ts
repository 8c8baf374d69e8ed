import type { FastifyRequest } from 'fastify';
import type { Author } from '../../audit/audit-trail.js';
import { networkOf } from '../../core/network-of.js';

/** A member of staff as the audit trail names it: the subject of the token, the request, the network it spoke from. */
export function authorOfStaff({ staff, id, ip }: Pick<FastifyRequest, 'staff' | 'id' | 'ip'>): Author {
  if (!staff) throw new Error('A route for staff was reached without a token');
  const source = networkOf(ip);
  return { actor: `staff:${staff.subject}`, requestId: id, ...(source !== undefined && { source }) };
}
