import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Readiness } from '../platform/health/readiness.js';
import { announcesBody } from './wire-rules.hook.js';

/** What we would rather read and throw away than cut a client off before it has seen our answer. */
const worthReading = 1024 * 1024;

/** Ends the connection with its answer when the process is about to end, or when much of a refused body is still to come. */
export function connectionHook(readiness: Readiness) {
  return async function connection(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
    if (readiness.draining || leavesMuch(request)) void reply.header('connection', 'close');
    return payload;
  };
}

function leavesMuch(request: FastifyRequest): boolean {
  if (request.raw.complete || !announcesBody(request)) return false;
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > worthReading;
}
