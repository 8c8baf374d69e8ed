import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { parseStrictJson } from '../core/strict-json.js';
import type { Env } from '../platform/config/env.js';
import { parseTrustedProxies } from '../platform/config/trusted-proxies.js';
import { InboundLimits } from '../hub/inbound/inbound-limits.js';
import { Readiness } from '../platform/health/readiness.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { BacklogGate } from '../queue/backlog-gate.js';
import { FileStore } from '../queue/file-store.js';
import { FastLaneRunner } from '../pipeline/fast-lane.runner.js';
import { Admission } from '../tenancy/admission.js';
import { accessLogHook } from './access-log.hook.js';
import { admitHook } from './admission/admit.hook.js';
import { answerHook } from './answer.hook.js';
import { capConnections } from './connection-cap.js';
import { closingHook, connectionHook } from './connection.hook.js';
import { answerProblem, ErrorFilter } from '../platform/http/error.filter.js';
import { HeavyTurns, heavyBytes } from './intake/heavy-turns.js';
import { dropFilesHook, formType, intakeLimits, leaveForm, takeFilesHook } from './intake/take-files.hook.js';
import { fastLaneHook } from './fast-lane.hook.js';
import { KnownRoutes } from './known-routes.js';
import { backlogHook } from './limits/backlog.hook.js';
import { limitHook } from './limits/limit.hook.js';
import { listenToSpecialRequests, refuseUnparsed } from './raw-answers.js';
import { requestIdOf } from '../platform/http/request-id.js';
import { translateError } from '../platform/http/translate-error.js';
import { uploadPaceHook } from './upload-pace.hook.js';
import { bodyRulesHook } from './body-rules.hook.js';
import { longestTarget, wireRulesHook } from './wire-rules.hook.js';

/** The HTTP server for integrators: strict parser, bounded times and sizes. */
export function strictAdapter(env: Env): FastifyAdapter {
  const requestTimeout = env.OPCOVIA_REQUEST_TIMEOUT_SECONDS * 1000;
  return new FastifyAdapter({
    bodyLimit: env.OPCOVIA_BODY_KIB * 1024,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers),
    requestIdHeader: false,
    trustProxy: parseTrustedProxies(env.OPCOVIA_TRUSTED_PROXIES) ?? false,
    requestTimeout,
    // Without a byte in either direction: ends who does not read the answer. Later than 408, which says why.
    connectionTimeout: requestTimeout + 10_000,
    keepAliveTimeout: env.OPCOVIA_KEEP_ALIVE_SECONDS * 1000,
    http: {
      maxHeaderSize: 16 * 1024,
      headersTimeout: env.OPCOVIA_HEADERS_TIMEOUT_SECONDS * 1000,
      connectionsCheckingInterval: 500,
      // A hook of ours asks for it, and answers as a problem.
      requireHostHeader: false,
    },
    // The address as a whole is bounded; a long segment is refused where its value is judged, after admission.
    routerOptions: { maxParamLength: longestTarget },
    // A hook of ours refuses, with a problem.
    return503OnClosing: false,
    clientErrorHandler: refuseUnparsed,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('connection', 'close');
      answerProblem(translateError(error), request, reply);
    },
  });
}

/**
 * Fastens what stands in front of every route: admission, the one error filter, headers, the access log. Without the fast lane
 * every answer goes the long way and is the same, which a test proves.
 */
export function harden(app: NestFastifyApplication, env: Env, { fastLane = true } = {}): void {
  app.useGlobalFilters(new ErrorFilter(app.get(LOG)));
  const fastify = app.getHttpAdapter().getInstance();
  listenToSpecialRequests(fastify.server);
  capConnections(fastify.server, env.OPCOVIA_CONNECTIONS);
  const turns = new HeavyTurns();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => {
      if (body.length > heavyBytes) await turns.next();
      return parseStrictJson(body);
    },
  );
  fastify.removeContentTypeParser('text/plain');
  fastify.addContentTypeParser(formType, leaveForm);
  fastify.decorateRequest('tenant', undefined);
  const limits = intakeLimits(env);
  const takeFiles = takeFilesHook({ store: app.get(FileStore), limits, turns });
  const admission = app.get(Admission);
  fastify.decorate<Admission, 'admission'>('admission', admission);
  const routes = new KnownRoutes();
  fastify.addHook('onRoute', (route) => {
    routes.add(route);
    if (!route.config?.takesFiles) return;
    route.bodyLimit = limits.requestBytes;
    route.preHandler = takeFiles;
    route.onResponse = dropFilesHook;
  });
  fastify.addHook('onRequest', wireRulesHook);
  fastify.addHook('onRequest', closingHook(fastify));
  fastify.addHook('onRequest', uploadPaceHook(env));
  fastify.addHook('onRequest', admitHook(admission));
  fastify.addHook('onRequest', limitHook(app.get(InboundLimits), app.get(Metrics)));
  fastify.addHook('onRequest', bodyRulesHook(routes));
  fastify.addHook('onRequest', backlogHook(app.get(BacklogGate)));
  fastify.addHook('onSend', answerHook);
  fastify.addHook('onSend', connectionHook(app.get(Readiness)));
  fastify.addHook('onResponse', accessLogHook(app.get(LOG), app.get(Metrics)));
  fastify.addHook('onRequest', documentationPolicy);
  if (fastLane) fastify.addHook('onRequest', fastLaneHook(app.get(FastLaneRunner)));
}

/** Swagger UI draws with inline styles and starts from an inline script of its own; everything else must come from us. */
const swaggerPolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'self'";

function documentationPolicy(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  if (request.url.startsWith('/docs')) void reply.header('content-security-policy', swaggerPolicy);
  done();
}
