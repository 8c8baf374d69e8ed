import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { systemClock, type Clock } from '../core/clock.js';
import { controlRoutes } from './control.routes.js';
import type { ControlDoor } from './control-door.js';
import { opcoRoutes } from './opco.routes.js';
import type { QuotasByOpco } from './quotas.js';
import { World } from './world.js';

/** How a sandbox is started; every field has a default that suits a developer's machine. */
export interface SandboxOptions {
  /** 0 takes any free port. */
  readonly port?: number;
  /** Loopback unless told. */
  readonly host?: string;
  readonly seed?: string;
  /** Virtual seconds for each real one; 1 when absent. */
  readonly speed?: number;
  readonly clock?: Clock;
  /** Life of a token; 3600 when absent. */
  readonly tokenSeconds?: number;
  /** Path of a file that gets one JSON line for each request. */
  readonly ledgerFile?: string;
  /** Dormant routes to turn on, such as `opco-2i:depositDocument` or `opco-ep:v2`. */
  readonly enable?: readonly string[];
  /** What each OPCO takes; fifty calls a second where it is not said. */
  readonly quotas?: QuotasByOpco;
  /** The part of dossiers that come out dirty, 0 to 1; one in fifty when absent. */
  readonly dirt?: number;
  /** Who may use the control API; `loopback` when absent. */
  readonly door?: ControlDoor;
}

/** A sandbox that listens. */
export interface Sandbox {
  /** `http://127.0.0.1:4010`; the base URL of an OPCO is `<url>/<opcoId>`. */
  readonly url: string;
  /** For tests in the same process: what the control routes act on. */
  readonly world: World;
  stop(): Promise<void>;
}

/** Largest body taken: a document of 10 MiB and its multipart frame fit well. */
const bodyLimit = 30 * 1024 * 1024;

/** Starts a real HTTP server that plays the OPCOs (product.md 11). Rejects when the port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const world = new World({
    seed: options.seed ?? 'opcovia',
    clock: options.clock ?? systemClock,
    speed: options.speed ?? 1,
    tokenSeconds: options.tokenSeconds ?? 3600,
    ...(options.ledgerFile !== undefined && { ledgerFile: options.ledgerFile }),
    ...(options.enable !== undefined && { enable: options.enable }),
    ...(options.quotas !== undefined && { quotas: options.quotas }),
    ...(options.dirt !== undefined && { dirt: options.dirt }),
  });
  const host = options.host ?? '127.0.0.1';
  const app = application(world, options.door ?? 'loopback', (ms) => void outage(ms));
  const outage = outages(app, world, host);
  try {
    await app.listen({ port: options.port ?? 4010, host });
  } catch (error) {
    world.end();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, world, stop: () => stop(app, world) };
}

function application(world: World, door: ControlDoor, outage: (ms: number) => void): FastifyInstance {
  const app = fastify({ bodyLimit, forceCloseConnections: true, logger: false });
  // Each OPCO reads bodies its own way, and the ledger wants their bytes: nothing is parsed here.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  void app.register((scope, _options, done) => (controlRoutes(scope, { world, door, outage }), done()), {
    prefix: '/_sandbox',
  });
  void app.register((scope, _options, done) => (opcoRoutes(scope, world), done()));
  return app;
}

/**
 * The whole machine is gone for a while: nothing listens, so that connections are refused.
 *
 *     listening ──outage(ms)──▶ closed, open connections reset ──ms real──▶ listening on the same port
 */
function outages(app: FastifyInstance, world: World, host: string): (ms: number) => Promise<void> {
  return async (ms) => {
    if (!app.server.listening) return;
    const { port } = app.server.address() as AddressInfo;
    app.server.close();
    app.server.closeAllConnections();
    if (await world.pause(ms)) app.server.listen(port, host);
  };
}

async function stop(app: FastifyInstance, world: World): Promise<void> {
  world.end();
  await app.close();
}
