import type { IncomingMessage } from 'node:http';
import helmet from '@fastify/helmet';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { parseStrictJson } from '../core/strict-json.js';
import { Readiness } from '../platform/health/readiness.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Admission } from '../tenancy/admission.js';
import { accessLogHook } from './access-log.hook.js';
import { admitHook } from './admission/admit.hook.js';
import { answerHook } from './answer.hook.js';
import { connectionHook } from './connection.hook.js';
import { answerProblem, ErrorFilter } from './error.filter.js';
import { KnownRoutes } from './known-routes.js';
import { listenToSpecialRequests, refuseUnparsed } from './raw-answers.js';
import { requestIdOf } from './request-id.js';
import { translateError } from './translate-error.js';
import { bodyRulesHook, wireRulesHook } from './wire-rules.hook.js';

/** Ten files of a deposit, in base64. */
const filesLimit = 25 * 1024 * 1024;

/** The HTTP server for integrators: strict parser, bounded times and sizes. */
export function strictAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: 100 * 1024,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers),
    requestIdHeader: false,
    requestTimeout: 60_000,
    keepAliveTimeout: 72_000,
    http: { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, connectionsCheckingInterval: 1000 },
    routerOptions: { maxParamLength: 256 },
    clientErrorHandler: refuseUnparsed,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      answerProblem(translateError(error), request, reply),
  });
}

/** Fastens what stands in front of every route: admission, the one error filter, headers, the access log. */
export async function harden(app: NestFastifyApplication): Promise<void> {
  app.useGlobalFilters(new ErrorFilter(app.get(LOG)));
  const fastify = app.getHttpAdapter().getInstance();
  listenToSpecialRequests(fastify.server);
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => parseStrictJson(body),
  );
  fastify.removeContentTypeParser('text/plain');
  fastify.decorateRequest('tenant', undefined);
  const routes = new KnownRoutes();
  fastify.addHook('onRoute', (route) => {
    routes.add(route);
    if (route.config?.takesFiles) route.bodyLimit = filesLimit;
  });
  fastify.addHook('onRequest', wireRulesHook);
  fastify.addHook('onRequest', admitHook(app.get(Admission)));
  fastify.addHook('onRequest', bodyRulesHook(routes));
  fastify.addHook('onSend', answerHook);
  fastify.addHook('onSend', connectionHook(app.get(Readiness)));
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
