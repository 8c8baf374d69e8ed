import type { IncomingMessage } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { UpstreamCallLog } from '../audit/upstream-call-log.js';
import type { Clock } from '../core/clock.js';
import { parseStrictJson } from '../core/strict-json.js';
import { HubProcess } from '../hub/leader/hub-process.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { parseStaffRules } from '../platform/config/staff-keys.js';
import { ErrorFilter } from '../platform/http/error.filter.js';
import { requestIdOf } from '../platform/http/request-id.js';
import { LOG } from '../platform/logging/log.token.js';
import { AdminModule } from './admin.module.js';
import { staffPartsOf } from './staff-parts.js';
import { staffHook } from './staff/staff-hook.js';
import { StaffTokens } from './staff/staff-tokens.js';
import { watchFigures } from './watched-figures.js';

/** Builds the staff application beside the one for integrators; both look at the same metrics, readiness and budgets. */
export async function createAdmin(api: NestFastifyApplication): Promise<NestFastifyApplication> {
  const parts = staffPartsOf(api);
  const { metrics, limits } = parts;
  watchFigures({ metrics, database: limits.database, calls: api.get(UpstreamCallLog), hub: limits });
  const env = api.get(Env);
  const adapter = new FastifyAdapter({
    bodyLimit: 102_400,
    // Strangers reach `POST /hub/token`: they have no more time than at the door for integrators.
    requestTimeout: env.OPCOVIA_REQUEST_TIMEOUT_SECONDS * 1000,
    http: { headersTimeout: env.OPCOVIA_HEADERS_TIMEOUT_SECONDS * 1000, connectionsCheckingInterval: 500 },
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers),
    requestIdHeader: false,
  });
  api.get(HubProcess).door?.mount(adapter.getInstance());
  const admin = await NestFactory.create<NestFastifyApplication>(AdminModule.of(parts), adapter, {
    ...{ bodyParser: false, logger: false, abortOnError: false },
  });
  fasten(admin, new StaffTokens(parseStaffRules(env), api.get<Clock>(CLOCK)), api.get(LOG));
  return admin;
}

/** What stands in front of every route of staff: the token, strict JSON, errors in their one form. */
function fasten(admin: NestFastifyApplication, tokens: StaffTokens, log: ConstructorParameters<typeof ErrorFilter>[0]) {
  admin.useGlobalFilters(new ErrorFilter(log));
  const fastify = admin.getHttpAdapter().getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request: FastifyRequest, body: Buffer) =>
    Promise.resolve(parseStrictJson(body)),
  );
  fastify.decorateRequest('staff', undefined);
  fastify.addHook('onRequest', staffHook(tokens));
}
