import { opcoIds } from '../core/endpoint.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bodies, ControlFault, demandFit, objectOf, parsedBody, type BodyOf } from './control-bodies.js';
import { load, seed, setDirt } from './control-lives.js';
import { setQuotas, shownQuotas } from './control-quotas.js';
import { controlDoor, type ControlDoor } from './control-door.js';
import { armFaults, glanceAtLedger, judgeLedger, readLedger, removeFault } from './control-watch.js';
import {
  capabilitiesOf,
  clockOf,
  forceEtat,
  forceEtatFacture,
  holdings,
  moveClock,
  registerCfa,
  reset,
  setCapability,
} from './control-world.js';
import { overview } from './overview.js';
import { pageRoute } from './page.routes.js';
import type { World } from './world.js';

type Query = Readonly<Record<string, string>>;

/** What the control calls need besides the world. */
export interface Control {
  readonly world: World;
  readonly door: ControlDoor;
  /** Stops listening for so many real milliseconds, then listens again on the same port. */
  readonly outage: (ms: number) => void;
}

/** The routes by which a test, a demo or the page moves the sandbox: clock, faults, quotas, keys, seeds, ledger. */
export function controlRoutes(app: FastifyInstance, { world, door, outage }: Control): void {
  app.setErrorHandler((error, _request, reply) => {
    const known = error instanceof ControlFault;
    return reply.code(known ? 400 : 500).send({ message: known ? error.message : 'Internal error' });
  });
  controlDoor(app, door);
  pageRoute(app);
  app.get('/health', () => ({ status: 'ok', ...clockOf(world), seed: world.seed }));
  app.get('/overview', () => overview(world));
  app.get('/clock', () => clockOf(world));
  app.get('/ledger', (request, reply) =>
    reply.header('x-last-seq', world.ledger.last).send(readLedger(world, request.query as Query)),
  );
  app.get('/invariants', (request) => glanceAtLedger(world, request.query as Query));
  app.get('/holdings', (request) => holdings(world, request.query as Query));
  app.get('/capabilities', () => Object.fromEntries(opcoIds.map((opcoId) => [opcoId, capabilitiesOf(world, opcoId)])));
  app.get('/faults', () => world.faults.list());
  app.post('/faults', (request) => armFaults(world, parsedBody(request)));
  app.delete('/faults', () => (world.faults.clear(), { armed: 0 }));
  app.delete('/faults/:id', (request) => removeFault(world, (request.params as { id: string }).id));
  moves(app, world);
  app.post('/outage', (request, reply) => {
    const { ms } = bodyOf(request, 'outage');
    // Its own answer still gets out.
    reply.raw.once('finish', () => outage(ms));
    return { ms };
  });
}

function moves(app: FastifyInstance, world: World): void {
  const act = <Name extends keyof typeof bodies>(name: Name, move: (world: World, body: BodyOf<Name>) => unknown) =>
    app.post(`/${name}`, (request) => move(world, bodyOf(request, name)));
  act('clock', moveClock);
  act('reset', reset);
  act('cfas', registerCfa);
  act('etat', forceEtat);
  act('etat-facture', forceEtatFacture);
  act('capabilities', setCapability);
  act('invariants', judgeLedger);
  app.post('/seed', (request) => seed(world, objectOf(request)));
  app.post('/load', (request) => load(world, objectOf(request)));
  app.post('/dirt', (request) => setDirt(world, objectOf(request)));
  app.get('/quotas', () => shownQuotas(world));
  app.post('/quotas', (request) => setQuotas(world, objectOf(request)));
}

function bodyOf<Name extends keyof typeof bodies>(request: FastifyRequest, name: Name): BodyOf<Name> {
  const value: unknown = objectOf(request);
  const schema: (typeof bodies)[Name] = bodies[name];
  demandFit(schema, value);
  return value as BodyOf<Name>;
}
