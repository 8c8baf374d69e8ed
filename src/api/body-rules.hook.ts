import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { fail } from '../core/errors.js';
import { acceptsJson } from './accepts-json.js';
import type { KnownRoutes } from './known-routes.js';
import { announcesBody } from './wire-rules.hook.js';

const tooLarge = 'Le corps de la requête dépasse la taille permise.';

/** Methods to which a body means nothing (RFC 9110 section 9.3): it would be dropped in silence, or be the next request to somebody else. */
const withoutBody: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE']);

/** After admission: the address, then what may be answered, then the type of the body, and only then a byte of it. */
export function bodyRulesHook(routes: KnownRoutes) {
  return function bodyRules(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    if (request.is404) throw refuseRoute(request, reply, routes);
    // The documentation is HTML, scripts and YAML.
    if (request.tenant && !acceptsJson(request.headers.accept)) {
      throw fail('NOT_ACCEPTABLE', { detail: 'Les réponses sont en JSON (Accept: application/json).' });
    }
    if (!announcesBody(request)) return done();
    const refusal = bodyRefusal(request, reply);
    if (refusal) throw refusal;
    // Only now is a client that asked first told to send.
    if (request.headers.expect !== undefined) reply.raw.writeContinue();
    done();
  };
}

function bodyRefusal({ headers, method, routeOptions }: FastifyRequest, reply: FastifyReply): Error | undefined {
  if (withoutBody.has(method)) {
    void reply.header('connection', 'close');
    return fail('MALFORMED_REQUEST', { detail: `Une requête ${method} n'a pas de corps.` });
  }
  if (Number(headers['content-length'] ?? 0) > routeOptions.bodyLimit) {
    void reply.header('connection', 'close');
    return fail('PAYLOAD_TOO_LARGE', { detail: tooLarge });
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    return fail('UNSUPPORTED_MEDIA_TYPE', { detail: 'Envoyez le corps sans compression (Content-Encoding).' });
  }
  return inUtf8(headers['content-type'])
    ? undefined
    : fail('UNSUPPORTED_MEDIA_TYPE', { detail: 'Envoyez du JSON en UTF-8 (Content-Type: application/json).' });
}

function refuseRoute(request: FastifyRequest, reply: FastifyReply, routes: KnownRoutes): Error {
  const [path = '/'] = request.url.split('?', 1);
  const methods = routes.methodsOf(path);
  if (methods.length === 0) return fail('NOT_FOUND', { detail: "Cette adresse n'existe pas." });
  void reply.header('allow', methods.join(', '));
  return fail('METHOD_NOT_ALLOWED', { detail: `Cette adresse connaît : ${methods.join(', ')}.` });
}

/** `charset` absent, or once and UTF-8; whether the type itself is JSON is the parser's look-up. */
function inUtf8(contentType = ''): boolean {
  const [charset = 'utf-8', ...others] = [...contentType.matchAll(/;\s*charset[^=;]*=\s*"?([^";\s]*)/gi)].map(
    ([, name = '']) => name.toLowerCase(),
  );
  return charset === 'utf-8' && others.length === 0;
}
