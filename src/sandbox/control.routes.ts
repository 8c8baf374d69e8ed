import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { etatsDossier } from '../core/contract/etats.js';
import { dialectOf, type Dialect } from './dialects.js';
import { isFault } from './faults.js';
import { seedDossiers } from './seed.js';
import { demoSiret, type World } from './world.js';

type Body = Readonly<Record<string, unknown>>;

/** A control call that makes no sense; answered 400 with the sentence. */
class ControlFault extends Error {}

/** The routes by which a test or a demo moves the sandbox: clock, faults, quotas, keys, seeds, ledger. */
export function controlRoutes(app: FastifyInstance, world: World): void {
  app.setErrorHandler((error, _request, reply) => {
    const known = error instanceof ControlFault;
    return reply.code(known ? 400 : 500).send({ message: known ? error.message : 'Internal error' });
  });
  app.get('/health', () => ({ status: 'ok', virtualTime: iso(world), speed: world.virtual.speed, seed: world.seed }));
  app.get('/ledger', (request) => ledger(world, request.query as Readonly<Record<string, string>>));
  const posts: Readonly<Record<string, (body: Body) => unknown>> = {
    clock: (body) => moveClock(world, body),
    quotas: (body) => setQuota(world, body),
    reset: (body) => (world.reset(String(body['seed'] ?? world.seed)), { seed: world.seed }),
    cfas: (body) => registerCfa(world, body),
    seed: (body) => seed(world, body),
    etat: (body) => forceEtat(world, body),
  };
  for (const [name, act] of Object.entries(posts)) app.post(`/${name}`, (request) => act(bodyOf(request)));
  app.post('/faults', (request: FastifyRequest, reply: FastifyReply) => armFaults(world, request, reply));
  app.delete('/faults', () => (world.faults.clear(), { armed: 0 }));
}

const iso = (world: World) => new Date(world.virtual.now()).toISOString();

function parsed(request: FastifyRequest): unknown {
  try {
    return Buffer.isBuffer(request.body) && request.body.length > 0 ? JSON.parse(request.body.toString('utf8')) : {};
  } catch {
    throw new ControlFault('The body is not JSON');
  }
}

function bodyOf(request: FastifyRequest): Body {
  const value = parsed(request);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ControlFault('A JSON object is expected');
  return value as Body;
}

function opcoOf(body: Body): Dialect {
  const dialect = dialectOf(String(body['opcoId']));
  if (!dialect) throw new ControlFault('opcoId: no OPCO that the sandbox plays');
  return dialect;
}

function textOf(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw new ControlFault(`${name}: a text is expected`);
  return value;
}

function numberOf(body: Body, name: string): number {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new ControlFault(`${name}: a number from 0 is expected`);
  return value;
}

function ledger(world: World, query: Readonly<Record<string, string>>) {
  const { opcoId, after, committed } = query;
  return world.ledger.read({
    ...(opcoId !== undefined && { opcoId }),
    after: Number(after ?? 0) || 0,
    committed: committed === 'true',
  });
}

function moveClock(world: World, body: Body) {
  if (body['set'] !== undefined) {
    const instant = typeof body['set'] === 'number' ? body['set'] : Date.parse(textOf(body, 'set'));
    if (!Number.isFinite(instant)) throw new ControlFault('set: an ISO time or epoch milliseconds are expected');
    world.virtual.set(instant);
  }
  if (body['speed'] !== undefined) world.virtual.run(numberOf(body, 'speed'));
  if (body['advanceSeconds'] !== undefined) world.virtual.advance(numberOf(body, 'advanceSeconds'));
  return { virtualTime: iso(world), speed: world.virtual.speed };
}

function setQuota(world: World, body: Body) {
  const quota = {
    limit: numberOf(body, 'limit'),
    windowMs: body['windowMs'] === undefined ? 1000 : Math.max(1, numberOf(body, 'windowMs')),
  };
  const { id } = opcoOf(body);
  world.quotas.set(id, quota);
  return { opcoId: id, ...quota };
}

function registerCfa(world: World, body: Body) {
  const siret = body['siret'] === undefined ? demoSiret : textOf(body, 'siret');
  const dialect = opcoOf(body);
  return { opcoId: dialect.id, cfa: world.register(dialect, textOf(body, 'apiKey'), siret).fingerprint };
}

function cfaOf(world: World, body: Body) {
  const cfa = world.cfa(opcoOf(body).id, textOf(body, 'apiKey'));
  if (!cfa) throw new ControlFault('apiKey: register it with /_sandbox/cfas first');
  return cfa;
}

function seed(world: World, body: Body) {
  const count = numberOf(body, 'dossiers');
  if (!Number.isInteger(count) || count > 200_000)
    throw new ControlFault('dossiers: an integer up to 200000 is expected');
  const cfa = cfaOf(world, body);
  const [known] = cfa.dossiers.keys();
  if (body['onlyIfEmpty'] === true && known !== undefined) return { dossiers: 0, premier: known, dernier: known };
  const made = seedDossiers(world, cfa, count);
  return { dossiers: made.length, premier: made[0] ?? null, dernier: made.at(-1) ?? null };
}

function forceEtat(world: World, body: Body) {
  const etat = textOf(body, 'etat');
  if (!(etatsDossier as readonly string[]).includes(etat))
    throw new ControlFault('etat: a state of the norm is expected');
  const cfa = cfaOf(world, body);
  const dossier = cfa.dossiers.get(textOf(body, 'numeroInterne'));
  if (!dossier) throw new ControlFault('numeroInterne: no such dossier');
  dossier.forced = { etat, commentaire: body['commentaireEtat'] === undefined ? '' : textOf(body, 'commentaireEtat') };
  cfa.forgetLists();
  return { numeroInterne: dossier.numeroInterne, etat };
}

function armFaults(world: World, request: FastifyRequest, reply: FastifyReply) {
  const value = parsed(request);
  const faults: unknown[] = Array.isArray(value) ? value : [value];
  if (!faults.every(isFault))
    return reply.code(400).send({ message: 'Unknown kind of fault, or a field of it is missing' });
  world.faults.arm(faults);
  return { armed: world.faults.size };
}
