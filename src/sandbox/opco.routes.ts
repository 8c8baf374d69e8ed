import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { routeOf, type Asked, type Decision } from './asked.js';
import { dialectOf } from './dialects.js';
import { play } from './fault-plays.js';
import type { Strike } from './faults.js';
import { judge, type Judged } from './gate.js';
import { record, type Visit } from './ledger-lines.js';
import { serveToken, tokenPath } from './token-desk.js';
import { cut, cutHalfRead, send } from './wire.js';
import type { World } from './world.js';

/** Faults are chosen before the body is read, so that one of them can cut the line there. */
const struck = new WeakMap<FastifyRequest, Strike>();

/** The OPCOs' own routes under `/{opcoId}`: token endpoint and everything behind the gate. */
export function opcoRoutes(app: FastifyInstance, world: World): void {
  app.addHook('onRequest', (request, reply, done) => {
    const strike = world.faults.size > 0 ? strikeOn(world, request) : undefined;
    if (!strike) return done();
    const { kind, named } = strike.word;
    if (kind !== 'reset-before-read' && kind !== 'rst-half-read' && kind !== 'outage') {
      struck.set(request, strike);
      return done();
    }
    const visit = { ...visitOf(request, askedBy(request)), fault: named };
    record(world, visit, { decision: { status: 0, body: null, decision: named }, cfa: undefined });
    if (kind === 'rst-half-read') cutHalfRead({ request, reply });
    else cut({ request, reply });
  });
  app.setNotFoundHandler((request, reply) => stray(world, request, reply));
  app.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/:opcoId/*',
    handler: (request, reply) => serve(world, request, reply),
  });
}

async function serve(world: World, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const asked = askedBy(request);
  if (!asked) return stray(world, request, reply);
  const strike = struck.get(request);
  const visit = visitOf(request, asked);
  if (!strike) {
    const judged = await decide(world, asked);
    record(world, visit, judged);
    return send(reply, judged.decision);
  }
  const { word, delayMs } = strike;
  if (delayMs > 0) await world.pause(delayMs);
  const line = { request, reply };
  return play({ world, word, asked, visit: { ...visit, fault: word.named }, line, decide: () => decide(world, asked) });
}

/** A request that is for none of the OPCOs played; the ledger has it all the same. */
function stray(world: World, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const decision: Decision = { status: 404, body: { message: 'The sandbox plays no such OPCO' }, decision: 'stray' };
  record(world, visitOf(request), { decision, cfa: undefined });
  return send(reply, decision);
}

async function decide(world: World, asked: Asked): Promise<Judged> {
  if (asked.path !== tokenPath) return judge(world, asked);
  return { decision: await serveToken(world, asked), cfa: undefined };
}

function strikeOn(world: World, request: FastifyRequest): Strike | undefined {
  const asked = askedBy(request);
  if (!asked) return undefined;
  const { dialect, method, path, headers } = asked;
  const route = path === tokenPath ? 'token' : routeOf(asked)?.name;
  const apiKey = headers['x-api-key'];
  return world.faults.strike({
    opcoId: dialect.id,
    method,
    path,
    ...(route !== undefined && { route }),
    ...(typeof apiKey === 'string' && { apiKey }),
  });
}

const wholePath = ({ url }: FastifyRequest) => {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
};

const bodyOf = ({ body }: FastifyRequest) => (Buffer.isBuffer(body) ? body : undefined);

function askedBy(request: FastifyRequest): Asked | undefined {
  const path = wholePath(request);
  const end = path.indexOf('/', 1);
  const dialect = dialectOf(path.slice(1, end < 0 ? undefined : end));
  if (!dialect) return undefined;
  return {
    dialect,
    method: request.method,
    path: end < 0 ? '' : path.slice(end),
    url: `http://${request.headers.host ?? ''}${path}`,
    query: request.query as Readonly<Record<string, unknown>>,
    headers: request.headers,
    body: bodyOf(request),
  };
}

const visitOf = (request: FastifyRequest, asked?: Asked): Visit => ({
  method: request.method,
  path: wholePath(request),
  query: Object.keys(request.query as object),
  body: bodyOf(request),
  ...(asked && { asked }),
});
