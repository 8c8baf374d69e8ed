import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { fail } from '../../core/errors.js';
import type { JobActor } from '../../queue/job.repository.js';
import { sourceOf } from '../author-of.js';

/** The admitted tenant as one who changes something: with the request and the network for the audit trail. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): JobActor => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  if (!request.tenant) throw fail('HTTP_ERROR');
  return { tenant: request.tenant, requestId: request.id, ...sourceOf(request) };
});
