import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerHeaders, notModified } from '../pipeline/answer-headers.js';
import type { PipelineRequest } from '../pipeline/http-exchanges.js';

/**
 * Last look at every answer: the header fields that tell how the exchange went, and 304 for what the client already holds.
 * A route that cuts the pipeline's answer into its own gets a validator of its own bytes.
 */
export async function answerHook(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  void reply.header('x-request-id', request.id);
  const { exchange } = request as FastifyRequest & PipelineRequest;
  if (exchange) {
    for (const [name, value] of Object.entries(answerHeaders(exchange))) {
      if (!reply.hasHeader(name)) void reply.header(name, value);
    }
  }
  // The pipeline's answer is JSON already in bytes, which Fastify takes for a file.
  if (exchange && Buffer.isBuffer(payload)) void reply.header('content-type', 'application/json; charset=utf-8');
  if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'private, no-store');
  return exchange && reply.statusCode === 200 && (request.method === 'GET' || request.method === 'HEAD')
    ? revalidate(request, reply, payload)
    : payload;
}

function revalidate(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
  if (typeof payload === 'string') void reply.header('etag', `"${hash('sha256', payload, 'base64url').slice(0, 22)}"`);
  if (!notModified(request.headers['if-none-match'], String(reply.getHeader('etag')))) return payload;
  void reply.status(304).removeHeader('content-type').removeHeader('content-length');
  return null;
}
