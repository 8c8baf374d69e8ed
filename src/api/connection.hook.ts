import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type {
  DoneFuncWithErrOrRes,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HookHandlerDoneFunction,
} from 'fastify';
import { fail } from '../core/errors.js';
import type { Readiness } from '../platform/health/readiness.js';
import { noteEarlyAnswer } from './raw-answers.js';
import { announcesBody } from './wire-rules.hook.js';

/** What we would rather read and throw away than cut a client off before it has seen our answer. */
const worthReading = 1024 * 1024;

/** Refusals that are about the body, or about how it was announced. */
const aboutBodies: ReadonlySet<number> = new Set([400, 408, 413, 415, 417]);

/**
 * Ends the connection with its answer when the process is about to end, when much of a refused body is still to come, and
 * after a body that could not be read: who mistook it may also have mistaken where it ends.
 */
export function connectionHook(readiness: Readiness) {
  return function connection(
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
    done: DoneFuncWithErrOrRes,
  ): void {
    if (readiness.draining || leavesMuch(request) || neverRead(request, reply))
      void reply.header('connection', 'close');
    if (stillComing(request)) {
      noteEarlyAnswer(request.raw);
      if (reply.getHeader('connection') === 'close') linger(request.raw);
    }
    done(null, payload);
  };
}

/** How long a client that still sends may take to notice our answer. */
const lingerMs = 1000;

/**
 * Closing a connection on which bytes wait to be read resets it, and a reset takes our answer out of the client's hands
 * (RFC 9112 section 9.6). So only our half ends; what still comes is not read, and a second later all is over.
 *
 *     answered ──FIN──▶ lingering, nothing is read ──client closes, or 1 s──▶ closed
 */
function linger(message: IncomingMessage): void {
  const { socket } = message;
  // A body that nobody has begun to read Node reads to its end, to throw it away; one that was begun waits, as it is full.
  message.pause();
  message.read();
  // What Node calls when the last answer of a connection is written.
  socket.destroySoon = function lingering(this: Socket) {
    this.end();
    const over = setTimeout(() => this.destroy(), lingerMs);
    this.once('close', () => clearTimeout(over));
  };
}

/** Once the server listens no more, whoever still holds a connection is sent elsewhere; what was begun goes on. */
export function closingHook(fastify: FastifyInstance) {
  let closing = false;
  fastify.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  return function refuseWhenClosing(
    _request: FastifyRequest,
    _reply: FastifyReply,
    done: HookHandlerDoneFunction,
  ): void {
    if (closing) throw fail('SERVICE_UNAVAILABLE', { detail: 'Cette instance s’arrête ; renvoyez la requête.' });
    done();
  };
}

function stillComing(request: FastifyRequest): boolean {
  return !request.raw.complete && announcesBody(request);
}

function leavesMuch(request: FastifyRequest): boolean {
  const { 'transfer-encoding': coding, 'content-length': length } = request.headers;
  return stillComing(request) && (coding !== undefined || Number(length) > worthReading);
}

function neverRead(request: FastifyRequest, reply: FastifyReply): boolean {
  return aboutBodies.has(reply.statusCode) && request.body === undefined && announcesBody(request);
}
