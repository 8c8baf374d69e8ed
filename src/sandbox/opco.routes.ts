import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asked, Decision } from './asked.js';
import type { Dialect } from './dialect.js';
import { dialectOf } from './dialects.js';
import type { Fault } from './faults.js';
import { judge, presentedToken, unauthorized, type Judged } from './gate.js';
import type { World } from './world.js';

/** Faults are chosen before the body is read, so that one of them can cut the line there. */
const struck = new WeakMap<FastifyRequest, Fault>();

/** The OPCOs' own routes under `/{opcoId}`: token endpoint and everything behind the gate. */
export function opcoRoutes(app: FastifyInstance, world: World): void {
  app.addHook('onRequest', (request, reply, done) => {
    const dialect = dialectOf(slugOf(request));
    const fault = dialect && world.faults.strike(dialect.id, request.method, pathOf(request, dialect));
    if (fault?.kind !== 'reset-before-read') {
      if (fault) struck.set(request, fault);
      return done();
    }
    record(world, request, { decision: { status: 0, body: null, decision: fault.kind }, cfa: undefined });
    cut(request, reply);
  });
  app.setNotFoundHandler((request, reply) => stray(world, request, reply));
  app.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/:opcoId/*',
    handler: (request, reply) => serve(world, request, reply),
  });
}

async function serve(world: World, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const dialect = dialectOf(slugOf(request));
  if (!dialect) return stray(world, request, reply);
  const asked = askedBy(request, dialect);
  const fault = struck.get(request);
  if (fault?.kind === 'latency') await world.pause(fault.ms);
  const judged = (fault && prevented(world, asked, fault)) ?? (await decide(world, asked));
  if (!fault) {
    record(world, request, judged);
    return send(reply, judged.decision);
  }
  return aftermath(world, fault, judged, { request, reply });
}

/** A request that is for none of the OPCOs played; the ledger has it all the same. */
function stray(world: World, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const decision: Decision = { status: 404, body: { message: 'The sandbox plays no such OPCO' }, decision: 'stray' };
  record(world, request, { decision, cfa: undefined });
  return send(reply, decision);
}

async function decide(world: World, asked: Asked): Promise<Judged> {
  if (asked.path !== '/oauth/token') return judge(world, asked);
  return { decision: await token(world, asked), cfa: undefined };
}

async function token(world: World, asked: Asked): Promise<Decision> {
  const { dialect, method, url, headers, body } = asked;
  if (method !== 'POST') return { status: 405, body: { error: 'invalid_request' }, decision: 'method' };
  const proof = dialect.dpop ? await world.dpop.verify(headers['dpop'], { method, url }) : undefined;
  if (proof && 'fault' in proof) {
    return {
      status: 400,
      body: { error: 'invalid_dpop_proof', error_description: proof.fault },
      decision: 'invalid_dpop_proof',
    };
  }
  const { status, body: answer } = world.tokens.issue(
    dialect,
    new URLSearchParams(body?.toString('utf8') ?? ''),
    proof?.jkt,
  );
  return { status, body: answer, decision: status === 200 ? 'token' : String(answer['error']) };
}

/** The decision of a fault that keeps the request from taking effect; undefined for all others. */
function prevented(world: World, asked: Asked, fault: Fault): Judged | undefined {
  if (fault.kind === 'status') return { decision: faultStatus(fault, `fault ${fault.status}`), cfa: undefined };
  if (fault.kind !== 'expire-token') return undefined;
  world.tokens.revoke(presentedToken(asked).token);
  return { decision: unauthorized(asked, 'Jeton expiré.'), cfa: undefined };
}

/** What the caller sees of a request that a fault struck; the ledger has the line before the caller notices anything. */
async function aftermath(
  world: World,
  fault: Fault,
  judged: Judged,
  line: { request: FastifyRequest; reply: FastifyReply },
): Promise<FastifyReply> {
  const { request, reply } = line;
  const told = (decision: Partial<Decision>) =>
    record(world, request, { ...judged, decision: { ...judged.decision, ...decision } });
  if (fault.kind === 'commit-then-reset') {
    told({ status: 0, decision: fault.kind });
    return cut(request, reply);
  }
  if (fault.kind === 'truncate') {
    told({ status: 0, decision: fault.kind });
    return truncate(request, reply, judged.decision);
  }
  if (fault.kind === 'commit-then-status') {
    told({ status: fault.status, decision: fault.kind });
    return send(reply, faultStatus(fault, fault.kind));
  }
  told({});
  if (fault.kind === 'hold' && !(await world.pause(fault.ms))) return cut(request, reply);
  return send(reply, judged.decision);
}

function faultStatus(
  fault: { readonly status: number; readonly body?: unknown; readonly retryAfterSeconds?: number },
  decision: string,
): Decision {
  return {
    status: fault.status,
    body: fault.body ?? { message: `fault ${fault.status}` },
    decision,
    ...(fault.retryAfterSeconds !== undefined && { headers: { 'retry-after': String(fault.retryAfterSeconds) } }),
  };
}

const bytesOf = ({ body }: Decision): Buffer => (Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)));

function send(reply: FastifyReply, decision: Decision): FastifyReply {
  if (decision.headers) void reply.headers(decision.headers);
  return reply.code(decision.status).header('content-type', 'application/json; charset=utf-8').send(bytesOf(decision));
}

/** A TCP reset, as a crashed server or a broken middlebox leaves it. */
function cut(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
  return reply;
}

function truncate(request: FastifyRequest, reply: FastifyReply, decision: Decision): FastifyReply {
  const bytes = bytesOf(decision);
  reply.hijack();
  reply.raw.writeHead(decision.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
  });
  reply.raw.write(bytes.subarray(0, bytes.length >> 1), () => request.raw.socket.destroy());
  return reply;
}

const slugOf = (request: FastifyRequest) => request.url.split('/', 2)[1] ?? '';
const pathOf = (request: FastifyRequest, { id }: Dialect) => (request.url.split('?', 1)[0] ?? '').slice(id.length + 1);

function askedBy(request: FastifyRequest, dialect: Dialect): Asked {
  return {
    dialect,
    method: request.method,
    path: pathOf(request, dialect),
    url: `http://${request.headers.host ?? ''}${request.url.split('?', 1)[0] ?? ''}`,
    query: request.query as Readonly<Record<string, unknown>>,
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : undefined,
  };
}

function record(world: World, request: FastifyRequest, { decision, cfa }: Judged): void {
  const { method, body } = request;
  world.ledger.append({
    time: new Date(world.clock.now()).toISOString(),
    virtualTime: new Date(world.virtual.now()).toISOString(),
    opcoId: dialectOf(slugOf(request))?.id ?? null,
    cfa: cfa?.fingerprint ?? null,
    method,
    path: request.url.split('?', 1)[0] ?? '',
    query: Object.keys(request.query as object),
    status: decision.status,
    decision: decision.decision,
    committed: decision.effect ?? null,
    body: Buffer.isBuffer(body) && body.length > 0 ? createHash('sha256').update(body).digest('hex') : null,
  });
}
