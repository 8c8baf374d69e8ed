import type { DoneFuncWithErrOrRes, FastifyReply, FastifyRequest } from 'fastify';
import { etagOf } from '../core/reply.js';
import { answerHeaders, notModified } from '../pipeline/answer-headers.js';
import type { PipelineRequest } from '../pipeline/http-exchanges.js';

/**
 * What browsers are told of every answer: as strict as can be, since answers in JSON run nothing. A policy of what may run is for the
 * documentation alone.
 */
const securityFields: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};

/**
 * Last look at every answer: the header fields that tell how the exchange went, and 304 for what the client already holds.
 * A route that cuts the pipeline's answer into its own gets a validator of its own bytes.
 */
export function answerHook(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: DoneFuncWithErrOrRes,
): void {
  const { exchange } = request as FastifyRequest & PipelineRequest;
  void reply.headers(securityFields).header('x-request-id', request.id);
  if (exchange) addMissing(reply, answerHeaders(exchange));
  // The pipeline's answer is JSON already in bytes, which Fastify takes for a file.
  if (exchange && Buffer.isBuffer(payload)) void reply.header('content-type', 'application/json; charset=utf-8');
  if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'private, no-store');
  const mayBeKept = exchange && reply.statusCode === 200 && (request.method === 'GET' || request.method === 'HEAD');
  done(null, mayBeKept ? revalidate(request, reply, payload) : payload);
}

function addMissing(reply: FastifyReply, fields: Readonly<Record<string, string>>): void {
  for (const name in fields) if (!reply.hasHeader(name)) void reply.header(name, fields[name]);
}

function revalidate(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
  if (typeof payload === 'string') void reply.header('etag', etagOf(payload));
  if (!notModified(request.headers['if-none-match'], String(reply.getHeader('etag')))) return payload;
  void reply.status(304).removeHeader('content-type').removeHeader('content-length');
  return null;
}
