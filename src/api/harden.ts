import type { IncomingMessage } from 'node:http';
import helmet from '@fastify/helmet';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Admission } from '../tenancy/admission.js';
import { accessLogHook } from './access-log.hook.js';
import { admitHook } from './admission/admit.hook.js';
import { answerHook } from './answer.hook.js';
import { ErrorFilter } from './error.filter.js';
import { requestIdOf } from './request-id.js';

const mebibyte = 1024 * 1024;

/** The HTTP server for integrators: strict parser, bounded times and sizes. */
export function strictAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: 25 * mebibyte,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers),
    requestIdHeader: false,
    requestTimeout: 60_000,
    keepAliveTimeout: 72_000,
    http: { maxHeaderSize: 16 * 1024, headersTimeout: 10_000 },
    routerOptions: { maxParamLength: 256 },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  });
}

/** Fastens what stands in front of every route: admission, the one error filter, headers, the access log. */
export async function harden(app: NestFastifyApplication): Promise<void> {
  app.useGlobalFilters(new ErrorFilter(app.get(LOG)));
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    fastify.getDefaultJsonParser('error', 'error'),
  );
  fastify.removeContentTypeParser('text/plain');
  fastify.decorateRequest('tenant', undefined);
  fastify.addHook('onRequest', admitHook(app.get(Admission)));
  fastify.addHook('onSend', answerHook);
  fastify.addHook('onResponse', accessLogHook(app.get(LOG), app.get(Metrics)));
  // Answers in JSON run nothing: a policy of what may run is for the documentation alone.
  await app.register(helmet, { contentSecurityPolicy: false, strictTransportSecurity: false });
  fastify.addHook('onRequest', documentationPolicy);
}

/** Swagger UI draws with inline styles and starts from an inline script of its own; everything else must come from us. */
const swaggerPolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'self'";

async function documentationPolicy(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.url.startsWith('/docs')) void reply.header('content-security-policy', swaggerPolicy);
}
