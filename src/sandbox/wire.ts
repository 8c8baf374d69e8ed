import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Decision } from './asked.js';

/** One request and its answer, still to be written. */
export interface Line {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const contentType = 'application/json; charset=utf-8';

/** The bytes of a decision's body. */
export const bytesOf = ({ body }: Decision): Buffer | string => (Buffer.isBuffer(body) ? body : JSON.stringify(body));

/** Answers as decided. */
export function send(reply: FastifyReply, decision: Decision): FastifyReply {
  if (decision.headers) void reply.headers(decision.headers);
  return reply.code(decision.status).header('content-type', contentType).send(bytesOf(decision));
}

/** A TCP reset, as a crashed server or a broken middlebox leaves it. */
export function cut({ request, reply }: Line): FastifyReply {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
  return reply;
}

/** Announces the whole answer, writes half of it, closes. */
export function truncate({ request, reply }: Line, decision: Decision): FastifyReply {
  const bytes = begin(reply, decision);
  reply.raw.write(bytes.subarray(0, bytes.length >> 1), () => request.raw.socket.destroy());
  return reply;
}

/** Writes the answer a few bytes at a time; `wait` is asked in between and ends it by answering false. */
export async function drip(
  reply: FastifyReply,
  decision: Decision,
  { octets, wait }: { readonly octets: number; readonly wait: () => Promise<boolean> },
): Promise<FastifyReply> {
  const bytes = begin(reply, decision);
  for (let at = 0; at < bytes.length && !reply.raw.destroyed; at += octets) {
    if (at > 0 && !(await wait())) break;
    reply.raw.write(bytes.subarray(at, at + octets));
  }
  reply.raw.end();
  return reply;
}

function begin(reply: FastifyReply, decision: Decision): Buffer {
  const bytes = Buffer.from(bytesOf(decision));
  reply.hijack();
  reply.raw.writeHead(decision.status, { 'content-type': contentType, 'content-length': bytes.length });
  return bytes;
}

/** Takes half of the body off the wire, then resets; a request without a body is reset at once. */
export function cutHalfRead(line: Line): void {
  const { request, reply } = line;
  const half = Number(request.headers['content-length'] ?? 0) / 2;
  if (half === 0 && request.headers['transfer-encoding'] === undefined) return void cut(line);
  reply.hijack();
  let read = 0;
  request.raw.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read >= half) request.raw.socket.resetAndDestroy();
  });
}
