import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { OpcoviaError } from '../../core/errors.js';
import { LOG } from '../logging/log.token.js';
import { problemHeaders, problemOf } from './problem.js';
import { translateError } from './translate-error.js';

/** The only place that shapes an error body: catalogue in, wire out. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOG) private readonly log: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = translateError(thrown);
    if (error.entry.level === 'error') this.log.error({ err: error, requestId: request.id }, 'request failed');
    answerProblem(error, request, reply);
  }
}

/** Sends a failure in its wire form. */
export function answerProblem(error: OpcoviaError, request: FastifyRequest, reply: FastifyReply): void {
  const [path = '/'] = request.url.split('?', 1);
  void reply
    .status(error.entry.status)
    .headers({ ...problemHeaders(error), 'x-request-id': request.id })
    .send(JSON.stringify(problemOf(error, path, request.id)));
}
