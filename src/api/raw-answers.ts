import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ErrorCode, fail, type OpcoviaError } from '../core/errors.js';
import { problemHeaders, problemOf } from '../platform/http/problem.js';
import { requestIdOf } from '../platform/http/request-id.js';

const codeOfParser: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'PAYLOAD_TOO_LARGE',
};

/**
 * What Node's own parser refuses never becomes a request, so no hook and no filter sees it: the same problem is written on the
 * bare socket, and the connection ends, since nobody knows where the next request would begin.
 */
export function refuseUnparsed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET') return;
  endWithProblem(socket, fail(codeOfParser[error.code ?? ''] ?? 'MALFORMED_REQUEST'));
}

/** The last request of a connection that was answered while its body still came. */
const answeredEarly = new WeakMap<Socket, IncomingMessage>();

/** Notes that a request has its answer before its body has ended: whatever becomes of the rest, it gets no second one. */
export function noteEarlyAnswer(message: IncomingMessage): void {
  answeredEarly.set(message.socket, message);
}

/** Ends a connection in the middle of a request; the problem is its last word unless the request has an answer. */
export function endWithProblem(socket: Socket, error: OpcoviaError): void {
  if (socket.destroyed) return;
  const answering = (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage?.headersSent;
  const answered = answeredEarly.get(socket)?.complete === false;
  if (!socket.writable || answering || answered) return void socket.destroy();
  writeProblem(socket, error);
  linger(socket);
}

/** How long what the other side still sends is taken and thrown away. */
const lingerMs = 1000;

/**
 * Says that all is said, and closes only when the other side has, or a moment later: closing over unread bytes makes the
 * kernel send a reset, which overtakes the answer at a client that is still writing (RFC 9112, 9.6). The parser gets none of them.
 */
function linger(socket: Socket): void {
  socket.removeAllListeners('data');
  socket.on('data', () => undefined);
  socket.once('end', () => socket.destroy());
  socket.end();
  const over = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(over));
}

/**
 * The kinds of request that Node hands to listeners of their own: CONNECT and an unknown `Expect` are refused; with
 * `Expect: 100-continue` the request is judged first, and `100 Continue` is written by the hook that lets its body in.
 */
export function listenToSpecialRequests(server: Server): void {
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    writeProblem(socket, fail('METHOD_NOT_ALLOWED'));
    socket.destroy();
  });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    server.emit('request', request, response);
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const { headers, body } = messageOf(fail('EXPECTATION_FAILED'), requestIdOf(request.headers));
    response.writeHead(417, headers).end(body);
  });
}

/** Writes an answer of ours on a bare connection; ending it is the caller's. */
export function writeProblem(socket: Duplex, error: OpcoviaError): void {
  const { headers, body } = messageOf(error, randomUUID());
  const { status } = error.entry;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}

function messageOf(error: OpcoviaError, requestId: string): { headers: Record<string, string>; body: string } {
  const body = JSON.stringify(problemOf(error, '/', requestId));
  return {
    headers: {
      ...problemHeaders(error),
      'content-length': String(Buffer.byteLength(body)),
      'x-request-id': requestId,
      connection: 'close',
    },
    body,
  };
}
