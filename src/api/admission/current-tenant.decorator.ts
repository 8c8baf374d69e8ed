import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { fail } from '../../core/errors.js';
import type { Tenant } from '../../core/tenant.js';

/** The admitted tenant of the request; a route that forgot its guard gets 403, never an undefined tenant. */
export const CurrentTenant = createParamDecorator((_: unknown, context: ExecutionContext): Tenant => {
  const { tenant } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!tenant) throw fail('HTTP_ERROR');
  return tenant;
});
