import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DestinationStream } from 'pino';
import { createAdmin } from './admin/create-admin.js';
import { harden, strictAdapter } from './api/harden.js';
import { OpenSockets } from './api/open-sockets.js';
import { serveDocumentation } from './api/openapi/serve-documentation.js';
import { AppModule } from './app.module.js';
import type { Env } from './platform/config/env.js';
import { Readiness } from './platform/health/readiness.js';
import { createLog } from './platform/logging/log.js';
import { nestLog } from './platform/logging/logging.module.js';
import { Metrics } from './platform/metrics/metrics.js';

/** What a start may add to its configuration. */
export interface StartOptions {
  /** Where log lines go; standard output when absent. */
  readonly logTo?: DestinationStream;
  /** The key that Swagger UI fills in. */
  readonly demoKey?: string;
  /** Whether answers out of memory go in front of the interceptors; yes when absent. Shows in nothing but the time. */
  readonly fastLane?: boolean;
}

/** A process that serves. */
export interface RunningOpcovia {
  readonly api: NestFastifyApplication;
  /** `http://host:port` for integrators; absent in a process without the role `api`. */
  readonly apiUrl?: string;
  readonly staffUrl: string;
  /** Finishes what is under way, then closes everything. */
  stop(): Promise<void>;
}

/** A port that somebody else holds; the message is the one sentence to print. */
export class BusyPortError extends Error {
  override readonly name = 'BusyPortError';
}

/** Builds both applications and listens. What this process does is decided by `OPCOVIA_ROLES`. */
export async function startOpcovia(env: Env, options: StartOptions = {}): Promise<RunningOpcovia> {
  const api = await createApi(env, options);
  api.get(Metrics).collectProcess();
  const admin = await createAdmin(api);
  const sockets = [api, admin].map((app) => new OpenSockets(app.getHttpServer()));
  const stop = async () => {
    api.get(Readiness).drain();
    const held = sockets.map((each) => each.letGo(env.OPCOVIA_DRAIN_SECONDS * 900));
    try {
      await api.close();
      await admin.close();
    } finally {
      for (const release of held) release();
    }
  };
  try {
    const staffUrl = await listen(admin, 'OPCOVIA_STAFF_PORT', env.OPCOVIA_STAFF_HOST, env.OPCOVIA_STAFF_PORT);
    if (!env.roles.has('api')) {
      await api.init();
      return { api, staffUrl, stop };
    }
    return {
      api,
      apiUrl: await listen(api, 'OPCOVIA_API_PORT', env.OPCOVIA_API_HOST, env.OPCOVIA_API_PORT),
      staffUrl,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createApi(env: Env, options: StartOptions): Promise<NestFastifyApplication> {
  const log = createLog(env.OPCOVIA_LOG_LEVEL, options.logTo);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(env, log), strictAdapter(env), {
    bodyParser: false,
    abortOnError: false,
    logger: nestLog(log),
  });
  harden(app, env, options);
  serveDocumentation(app, options.demoKey);
  return app;
}

async function listen(app: NestFastifyApplication, variable: string, host: string, port: number): Promise<string> {
  try {
    await app.listen(port, host);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new BusyPortError(
        `Le port ${port} est déjà pris : arrêtez ce qui l'occupe ou choisissez-en un autre avec ${variable}.`,
      );
    }
    throw error;
  }
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}
