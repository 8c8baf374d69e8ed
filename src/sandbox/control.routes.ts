import { opcoIds } from '../core/endpoint.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SandboxCfa, Validity } from './cfa.js';
import type { Dialect } from './dialect.js';
import { dialectOf, dialects } from './dialects.js';
import { etatFacture } from './facture.js';
import { isFault } from './faults.js';
import { plainEtat } from './dossier.js';
import { seedDossiers } from './seed.js';
import { demoSiret, type World } from './world.js';

type Body = Readonly<Record<string, unknown>>;
type Query = Readonly<Record<string, string>>;

/** A control call that makes no sense; answered 400 with the sentence. */
class ControlFault extends Error {}

/** The routes by which a test or a demo moves the sandbox: clock, faults, quotas, keys, seeds, ledger. */
export function controlRoutes(app: FastifyInstance, world: World): void {
  app.setErrorHandler((error, _request, reply) => {
    const known = error instanceof ControlFault;
    return reply.code(known ? 400 : 500).send({ message: known ? error.message : 'Internal error' });
  });
  app.get('/health', () => ({ status: 'ok', virtualTime: iso(world), speed: world.virtual.speed, seed: world.seed }));
  app.get('/ledger', (request) => ledger(world, request.query as Query));
  app.get('/holdings', (request) => holdings(world, request.query as Query));
  app.get('/capabilities', () => Object.fromEntries(opcoIds.map((opcoId) => [opcoId, capabilitiesOf(world, opcoId)])));
  const posts: Readonly<Record<string, (body: Body) => unknown>> = {
    clock: (body) => moveClock(world, body),
    quotas: (body) => setQuota(world, body),
    reset: (body) => (world.reset(String(body['seed'] ?? world.seed)), { seed: world.seed }),
    cfas: (body) => registerCfa(world, body),
    seed: (body) => seed(world, body),
    etat: (body) => forceEtat(world, body),
    'etat-facture': (body) => forceEtatFacture(world, body),
    capabilities: (body) => setCapability(world, body),
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

function ledger(world: World, query: Query) {
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
  const validity = validityOf(body);
  const cfa = world.register(dialect, { apiKey: textOf(body, 'apiKey'), siret, ...(validity && { validity }) });
  return { opcoId: dialect.id, cfa: cfa.fingerprint };
}

/** Two days, both inside; a side that is left out is open. */
function validityOf(body: Body): Validity | undefined {
  const day = (name: string, time: string, open: number) => {
    if (body[name] === undefined) return open;
    const instant = Date.parse(`${textOf(body, name)}T${time}Z`);
    if (Number.isNaN(instant)) throw new ControlFault(`${name}: a day is expected, YYYY-MM-DD`);
    return instant;
  };
  if (body['dateDebutValidite'] === undefined && body['dateFinValidite'] === undefined) return undefined;
  return {
    from: day('dateDebutValidite', '00:00:00', -Infinity),
    until: day('dateFinValidite', '23:59:59.999', Date.parse('2099-12-31T23:59:59.999Z')),
  };
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

/** The states of norm.md 3.6. */
const etatsDossier = ['TRANSMIS', 'EN_COURS_INSTRUCTION', 'ENGAGE', 'ANNULE', 'REFUSE', 'RUPTURE', 'SOLDE'];

/** What a control call puts over a life. */
function forcedBy(body: Body, name: string) {
  const commentaire = body['commentaireEtat'] === undefined ? '' : textOf(body, 'commentaireEtat');
  return { etat: textOf(body, name), commentaire };
}

function forceEtat(world: World, body: Body) {
  const forced = forcedBy(body, 'etat');
  if (!etatsDossier.includes(forced.etat)) throw new ControlFault('etat: a state of the norm is expected');
  const cfa = cfaOf(world, body);
  const dossier = cfa.dossiers.get(textOf(body, 'numeroInterne'));
  if (!dossier) throw new ControlFault('numeroInterne: no such dossier');
  dossier.forced = forced;
  cfa.forgetLists();
  return { numeroInterne: dossier.numeroInterne, etat: forced.etat };
}

/** Any word is a state: the norm leaves the list open (norm.md 3.6). */
function forceEtatFacture(world: World, body: Body) {
  const cfa = cfaOf(world, body);
  const facture = cfa.factures.get(textOf(body, 'numeroInterneFacture'));
  if (!facture) throw new ControlFault('numeroInterneFacture: no such invoice');
  facture.forced = forcedBy(body, 'etatFacture');
  cfa.forgetLists();
  return { numeroInterneFacture: facture.numeroInterneFacture, etatFacture: facture.forced.etat };
}

/** The routes of an OPCO, and whether each is served now. */
function capabilitiesOf(world: World, opcoId: keyof typeof dialects) {
  const dialect = dialects[opcoId];
  return [...dialect.routes].map(([route, known]) => ({
    route,
    capability: known.name,
    dormant: known.dormant,
    served: world.enabled.serves(dialect, known),
  }));
}

function setCapability(world: World, body: Body) {
  const dialect = opcoOf(body);
  const capability = textOf(body, 'capability');
  if (!world.enabled.set(dialect, capability, body['enabled'] !== false))
    throw new ControlFault('capability: this OPCO has no route of that name');
  return { opcoId: dialect.id, routes: capabilitiesOf(world, dialect.id) };
}

/** What an OPCO holds of one CFA, named by its fingerprint: numbers, states and digests, nobody's name. */
function holdings(world: World, { opcoId, cfa: fingerprint }: Query) {
  const cfa: SandboxCfa | undefined = world.cfaOf(opcoId ?? '', fingerprint ?? '');
  if (!cfa) throw new ControlFault('opcoId, cfa: no such CFA; POST /_sandbox/cfas gives its fingerprint');
  const now = world.virtual.now();
  return {
    dossiers: [...cfa.dossiers.values()].map((dossier) => ({
      numeroInterne: dossier.numeroInterne,
      numeroExterne: dossier.numeroExterne,
      etat: plainEtat(dossier, now),
    })),
    factures: [...cfa.factures.values()].map((facture) => ({
      numeroInterneFacture: facture.numeroInterneFacture,
      reference: facture.reference,
      montant: facture.cents / 100,
      etatFacture: etatFacture(facture, now),
      fichier: facture.file.fichier,
    })),
    documents: cfa.documents,
  };
}

function armFaults(world: World, request: FastifyRequest, reply: FastifyReply) {
  const value = parsed(request);
  const faults: unknown[] = Array.isArray(value) ? value : [value];
  if (!faults.every(isFault))
    return reply.code(400).send({ message: 'Unknown kind of fault, or a field of it is missing' });
  world.faults.arm(faults);
  return { armed: world.faults.size };
}
