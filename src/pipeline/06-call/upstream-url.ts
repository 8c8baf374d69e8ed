import type { UpstreamRequest } from '../../core/endpoint.js';
import { fail } from '../../core/errors.js';
import type { Environment } from '../../core/tenant.js';
import type { Upstream } from './identities.js';

// Looked for in the decoded form: encoding would hide them from this check, not from an OPCO that decodes.
const unsafe = /[\u0000-\u001f\u007f/\\]/;

/**
 * The URL of a call: the configured base, then encoded segments. Nothing in a question can leave the base's origin and path:
 * asserted on the parsed result, since a parser rewrites what it is given (`%2e%2e` is `..` to it). And however the base was come
 * by, it is of the tenant's own environment: a `test` tenant never reaches a production host, nor a `live` one a sandbox.
 */
export function upstreamUrl(
  { environment, baseUrl: base }: Pick<Upstream, 'environment' | 'baseUrl'>,
  tenantEnvironment: Environment,
  request: Pick<UpstreamRequest, 'segments' | 'query'>,
): URL {
  if (environment !== tenantEnvironment) throw fail('INTERNAL_ERROR', { sent: 'not-sent' });
  const { origin } = base;
  const path = `${base.pathname.replace(/\/+$/, '')}/${request.segments.map(encodeSegment).join('/')}`;
  const url = new URL(origin + path);
  for (const [name, value] of Object.entries(request.query)) url.searchParams.append(name, value);
  if (url.origin !== origin || url.pathname !== path) throw unusableSegment();
  return url;
}

function encodeSegment(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..' || unsafe.test(segment)) throw unusableSegment();
  try {
    return encodeURIComponent(segment);
  } catch {
    // A lone surrogate.
    throw unusableSegment();
  }
}

function unusableSegment(): Error {
  return fail('VALIDATION_ERROR', {
    detail: "Un paramètre ne peut pas figurer dans l'adresse de l'appel.",
    sent: 'not-sent',
  });
}
