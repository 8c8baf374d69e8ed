import type { Client } from 'pg';
import { Fleet, type Cargo, type Ship } from '../support/a-fleet.js';
import { Tap } from '../support/a-tap.js';
import { endWhereListed } from '../support/after-a-lost-answer.js';
import { ask, control, eventually } from '../support/product.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

// reliability.md R1.4: kill -9 at each point of a deposit's way, then a restart.
describe('a process that is killed', () => {
  const sink = new WebhookReceiver();
  let fleet: Fleet;
  let tap: Tap;
  let ship: Ship;
  let variables: Readonly<Record<string, string>>;

  const rise = async () => (ship = await fleet.launch(variables));
  const kill = () => fleet.kill(ship);

  beforeAll(async () => {
    fleet = await Fleet.of('kill-points');
    tap = await Tap.to(fleet.sandbox.url);
    const port = await sink.listen();
    variables = { OPCOVIA_SANDBOX_URL: tap.url, OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}` };
    await rise();
    const body = { url: `http://127.0.0.1:${port}/sink`, events: ['job.completed'] };
    const created = await ask(`${ship.url}/webhooks`, { method: 'POST', apiKey: fleet.apiKey, body });
    expect(created.status).toBe(201);
  });
  afterAll(async () => {
    await fleet.stop();
    tap.close();
    await sink.close();
  });
  beforeEach(async () => {
    if (ship.process.child.signalCode !== null) await rise();
  });
  afterEach(() => expect(fleet.offences()).toEqual([]));

  /** Nobody else gets at the jobs until it is given free. */
  const lockJobs = async (): Promise<Client> => {
    const client = await fleet.connected();
    await client.query('BEGIN');
    await client.query('LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE');
    return client;
  };
  const free = (client: Client) => client.query('ROLLBACK').finally(() => client.end());
  /** Until a statement with these words waits for a lock. */
  const waitsForLock = (words: string) =>
    eventually(
      () =>
        fleet.asOwner(
          `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE '%${words}%'
           AND pid <> pg_backend_pid()`,
        ),
      (rows) => rows.length > 0,
    );
  const hold = ({ opcoId }: Cargo, ms: number) =>
    control(fleet.sandbox, '/_sandbox/faults', { opcoId, method: 'POST', path: '/v1/*', kind: 'hold', ms, times: 1 });
  const committed = (cargo: Cargo) =>
    eventually(
      async () => fleet.effects(cargo).length,
      (effects) => effects === 1,
    );
  const posts = ({ opcoId }: Cargo) =>
    fleet.sandbox.world.ledger.read({ opcoId, method: 'POST' }).filter(({ route }) => route !== 'token').length;

  it('before PostgreSQL committed: the same key gives one job and one effect', async () => {
    const cargo = fleet.document('K1');
    const jobs = await lockJobs();
    const answer = fleet.send(ship, cargo);
    await waitsForLock('accept_deposit');
    await kill();
    expect((await answer).status).toBe(0);
    await free(jobs);
    await rise();
    await fleet.accepted(() => ship, cargo);
    expect(await fleet.ended(ship, cargo)).toMatchObject({ status: 'completed' });
    expect(fleet.effects(cargo)).toHaveLength(1);
  });

  it('after the commit, while Redis is silent: the job runs once though its client never asks again', async () => {
    const cargo = fleet.document('K2');
    fleet.services.signalRedis('SIGSTOP');
    const answer = await fleet.send(ship, cargo);
    expect(answer.status).toBe(202);
    await kill();
    fleet.services.signalRedis('SIGCONT');
    await rise();
    expect(await fleet.ended(ship, cargo)).toMatchObject({ status: 'completed' });
    expect(await fleet.send(ship, cargo)).toMatchObject({ status: 200, jobId: answer.jobId });
    expect(fleet.effects(cargo)).toHaveLength(1);
  });

  it('in the middle of the upload: at most one effect, and what is said of it is true', async () => {
    const cargo = await fleet.facture('K4', 'akto', 9_000_000);
    const stalled = tap.stallAfter(4_000_000);
    expect((await fleet.send(ship, cargo)).status).toBe(202);
    await stalled;
    await kill();
    expect(fleet.effects(cargo)).toEqual([]);
    await rise();
    expect(await fleet.ended(ship, cargo)).toMatchObject({ status: endWhereListed });
    expect(fleet.effects(cargo)).toHaveLength(endWhereListed === 'completed' ? 1 : 0);
  });

  it('while the OPCO holds its answer: one effect, and no second request', async () => {
    const cargo = await fleet.facture('K5');
    await hold(cargo, 60_000);
    await fleet.send(ship, cargo);
    await committed(cargo);
    const sent = posts(cargo);
    await kill();
    await rise();
    expect(await fleet.ended(ship, cargo)).toMatchObject({ status: endWhereListed });
    expect([fleet.effects(cargo).length, posts(cargo)]).toEqual([1, sent]);
  });

  it('with the answer in its hands, while PostgreSQL takes nothing: one effect, and no second request', async () => {
    const cargo = await fleet.facture('K6');
    await hold(cargo, 1000);
    await fleet.send(ship, cargo);
    await committed(cargo);
    const sent = posts(cargo);
    const jobs = await lockJobs();
    await waitsForLock('UPDATE jobs SET status');
    await kill();
    await free(jobs);
    await rise();
    expect(await fleet.ended(ship, cargo)).toMatchObject({ status: endWhereListed });
    expect([fleet.effects(cargo).length, posts(cargo)]).toEqual([1, sent]);
  });

  it('after the result was committed, while Redis is silent: whoever gets the job again asks the OPCO nothing', async () => {
    const cargo = fleet.document('K7');
    await hold(cargo, 1000);
    await fleet.send(ship, cargo);
    await committed(cargo);
    fleet.services.signalRedis('SIGSTOP');
    expect(await fleet.ended(ship, cargo)).toMatchObject({ status: 'completed' });
    await kill();
    const asked = fleet.sandbox.world.ledger.last;
    fleet.services.signalRedis('SIGCONT');
    await rise();
    // A later deposit that has ended shows that the queue was worked through.
    const later = fleet.document('K7-later');
    await fleet.accepted(() => ship, later);
    await fleet.ended(ship, later);
    const since = fleet.sandbox.world.ledger.read({ opcoId: cargo.opcoId, method: 'POST', after: asked });
    expect(since.filter(({ route }) => route !== 'token')).toHaveLength(1);
    expect(fleet.effects(cargo)).toHaveLength(1);
  });

  it('before its webhook was answered: the end is told again, under the same id', async () => {
    sink.answer = () => 'hang';
    const cargo = fleet.document('K8');
    const { jobId = '' } = await fleet.send(ship, cargo);
    expect(await fleet.ended(ship, cargo)).toMatchObject({ status: 'completed' });
    const told = () => sink.at('/sink').filter(({ body }) => body.includes(jobId));
    await eventually(
      async () => told().length,
      (count) => count > 0,
    );
    await kill();
    sink.answer = () => 200;
    const before = told().length;
    await rise();
    await eventually(
      async () => told().length,
      (count) => count > before,
      45_000,
    );
    const ids = new Set(told().map(({ headers }) => headers['webhook-id']));
    expect([ids.size, JSON.parse(told()[0]?.body ?? '{}').event]).toEqual([1, 'job.completed']);
    expect(fleet.effects(cargo)).toHaveLength(1);
  });
});
