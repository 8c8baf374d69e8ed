import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { fail } from '../core/errors.js';

/** Longest request line in bytes (RFC 9112 section 3 asks for at least 8000); longer than any address of ours. */
export const longestTarget = 8192;
const mostHeaderLines = 100;

/** What a request line has beside method and target: two blanks and the version. */
const restOfLine = ' '.length + ' HTTP/1.1'.length;

/**
 * Fields that mean something only once. Node keeps the first of some, and joins the others by a comma; whoever stands before
 * us may do otherwise. `X-API-KEY` and `Idempotency-Key` have refusals of their own.
 */
const onlyOnce: ReadonlySet<string> = new Set([
  'host',
  'content-type',
  'content-encoding',
  'content-length',
  'transfer-encoding',
  'expect',
  'x-cfa-key',
]);

/** A name or an address, and maybe a port: no user, no path, no list (RFC 3986 section 3.2, without escapes). */
const authority = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * What Node's parser lets through and two parsers in a row may read differently (RFC 9112 sections 2.3, 3.2): runs first, before
 * anything of the request is believed.
 */
export function wireRulesHook(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const { url = '', httpVersion, rawHeaders, method = '', headers } = request.raw;
  // Node keeps at most 2000 lines; the others never get here, but these do.
  if (rawHeaders.length > 2 * mostHeaderLines) {
    void reply.header('connection', 'close');
    throw fail('HEADERS_TOO_LARGE', { detail: `Au plus ${mostHeaderLines} lignes d'en-tête.` });
  }
  const fault =
    versionFault(httpVersion) ??
    codingFault(httpVersion, headers['transfer-encoding']) ??
    targetFault(url, method) ??
    repeatedField(rawHeaders) ??
    hostFault(httpVersion, headers.host);
  if (fault !== undefined) {
    // Nothing that follows on this connection can be trusted to be a request.
    void reply.header('connection', 'close');
    throw fail('MALFORMED_REQUEST', { detail: fault });
  }
  if (method === 'TRACE') throw fail('METHOD_NOT_ALLOWED');
  done();
}

function versionFault(version: string): string | undefined {
  return version === '1.1' || version === '1.0' ? undefined : "Version d'HTTP non admise.";
}

/** Node undoes the chunks of `gzip, chunked` and hands on the rest, still coded, as if it were the body. */
function codingFault(version: string, coding: string | undefined): string | undefined {
  if (coding === undefined) return undefined;
  if (version === '1.0') return 'Transfer-Encoding est inconnu de HTTP/1.0.';
  return coding.trim().toLowerCase() === 'chunked' ? undefined : 'Transfer-Encoding ne peut être que « chunked ».';
}

function targetFault(url: string, method: string): string | undefined {
  if (!url.startsWith('/')) return "L'adresse doit commencer par « / », sans nom de serveur.";
  if (url.length + method.length + restOfLine > longestTarget) return "L'adresse est trop longue.";
  if (/[^\x21-\x7e]|[\\#]/.test(url)) return "L'adresse contient un caractère qui doit y être codé.";
  return url.includes('%') || url.includes('/.') ? encodedFault(url) : undefined;
}

/** An escape that is none, or one that hides what routes and OPCOs may take for something else. */
function encodedFault(url: string): string | undefined {
  const [path = '', ...query] = url.split('?');
  const segments = path.split('/').map(decoded);
  const values = decoded(query.join('?'));
  if (values === undefined || segments.includes(undefined)) return "L'adresse contient un code « % » invalide.";
  if (segments.some((segment) => segment === '.' || segment === '..' || /[\p{Cc}/\\]/u.test(segment ?? '')))
    return "Un segment de l'adresse contient « / », « \\ », « .. » ou un caractère de contrôle.";
  return /\p{Cc}/u.test(values) ? "Un paramètre de l'adresse contient un caractère de contrôle." : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function repeatedField(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!onlyOnce.has(name)) continue;
    if (seen.has(name)) return `L'en-tête ${name} doit figurer une seule fois.`;
    seen.add(name);
  }
  return undefined;
}

function hostFault(version: string, host: string | undefined): string | undefined {
  if (host === undefined) return version === '1.0' ? undefined : "L'en-tête Host manque.";
  return authority.test(host) ? undefined : "L'en-tête Host n'est pas un nom de serveur.";
}

/** Whether bytes follow the header fields. */
export function announcesBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
