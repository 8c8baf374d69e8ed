import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../core/errors.js';
import type { KnownRoutes } from './known-routes.js';

/** Longer than any address of ours with every parameter filled. */
const longestTarget = 8192;
const mostHeaderLines = 100;
const tooLarge = 'Le corps de la requête dépasse la taille permise.';

/**
 * What Node's parser lets through and two parsers in a row may read differently (RFC 9112 sections 2.3, 3.2): runs first, before
 * anything of the request is believed.
 */
export async function wireRulesHook(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { url = '', httpVersion, rawHeaders, method } = request.raw;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') throw malformed(reply, "Version d'HTTP non admise.");
  if (!url.startsWith('/')) throw malformed(reply, "L'adresse doit commencer par « / », sans nom de serveur.");
  if (url.length > longestTarget) throw malformed(reply, "L'adresse est trop longue.");
  // Node keeps at most 2000 lines; the others never get here, but these do.
  if (rawHeaders.length > 2 * mostHeaderLines) {
    void reply.header('connection', 'close');
    throw fail('HEADERS_TOO_LARGE', { detail: `Au plus ${mostHeaderLines} lignes d'en-tête.` });
  }
  if (countLines(rawHeaders, 'host') > 1) throw malformed(reply, "L'en-tête Host doit figurer une seule fois.");
  if (method === 'TRACE') throw fail('METHOD_NOT_ALLOWED');
}

function countLines(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((field, index) => index % 2 === 0 && field.toLowerCase() === name).length;
}

/** Nothing that follows on this connection can be trusted to be a request. */
function malformed(reply: FastifyReply, detail: string): Error {
  void reply.header('connection', 'close');
  return fail('MALFORMED_REQUEST', { detail });
}

/** After admission: the address, then the type of the body, and only then a byte of it. */
export function bodyRulesHook(routes: KnownRoutes) {
  return async function bodyRules(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (request.is404) throw refuseRoute(request, reply, routes);
    if (!announcesBody(request)) return;
    if (Number(request.headers['content-length'] ?? 0) > request.routeOptions.bodyLimit) {
      void reply.header('connection', 'close');
      throw fail('PAYLOAD_TOO_LARGE', { detail: tooLarge });
    }
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
      throw fail('UNSUPPORTED_MEDIA_TYPE', { detail: 'Envoyez le corps sans compression (Content-Encoding).' });
    }
    if (!inUtf8(request.headers['content-type'])) {
      throw fail('UNSUPPORTED_MEDIA_TYPE', { detail: 'Envoyez du JSON en UTF-8 (Content-Type: application/json).' });
    }
    // Only now is a client that asked first told to send.
    if (request.headers.expect !== undefined) reply.raw.writeContinue();
  };
}

function refuseRoute(request: FastifyRequest, reply: FastifyReply, routes: KnownRoutes): Error {
  const [path = '/'] = request.url.split('?', 1);
  const methods = routes.methodsOf(path);
  if (methods.length === 0) return fail('NOT_FOUND', { detail: "Cette adresse n'existe pas." });
  void reply.header('allow', methods.join(', '));
  return fail('METHOD_NOT_ALLOWED', { detail: `Cette adresse connaît : ${methods.join(', ')}.` });
}

/** Whether bytes follow the header fields. */
export function announcesBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** `charset` absent or UTF-8; whether the type itself is JSON is the parser's look-up. */
function inUtf8(contentType: string | undefined): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType ?? '') ?? [];
  return charset === undefined || charset.toLowerCase() === 'utf-8';
}
