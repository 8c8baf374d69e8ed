import { Env } from '../../src/platform/config/env.js';
import { PollBench } from '../support/poll-bench.js';
import { ScriptedOpco } from '../support/polled-opco.js';

const cli = { actor: 'cli' } as const;

describe('instances of the poller', () => {
  let bench: PollBench;

  beforeAll(async () => {
    bench = await PollBench.create();
  });
  afterAll(() => bench?.db.drop());
  beforeEach(() => {
    bench.opco = new ScriptedOpco();
    bench.opco.dossiers.set('D1', { etat: 'ENGAGE' });
  });

  /** Many tenants with a target each; `what` are the columns of the targets, of the number `i`. */
  const manyTargets = async (count: number, what: string) => {
    await bench.asSystem('DELETE FROM poll_targets');
    const hash = "encode(sha256(('many' || i)::bytea), 'hex')";
    await bench.asSystem(`INSERT INTO tenants (tenant_hash, nom, environment) SELECT ${hash}, 'CFA', 'test'
      FROM generate_series(1, ${count}) i ON CONFLICT DO NOTHING`);
    await bench.asSystem(`INSERT INTO poll_targets (tenant_hash, opco_id, next_poll_at, last_success_at, stopped_at)
      SELECT ${hash}, 'akto', ${what} FROM generate_series(1, ${count}) i`);
  };

  it('take over what a dead one held in the very moment its lease is over, which is a matter of seconds', async () => {
    expect(new Env().OPCOVIA_POLL_LEASE_SECONDS).toBeLessThanOrEqual(15);
    await bench.aTarget();
    // It claims, and is never heard of again.
    await bench.targets.claim(1, 2);
    const heir = bench.anInstance();
    const over = async () =>
      (await bench.asSystem('SELECT 1 FROM poll_targets WHERE claimed_until <= now()')).length > 0;
    await bench.poll(heir);
    // On a slow machine the lease may be over already; if not, nothing may have been polled.
    if (!(await over())) expect(bench.opco.calls).toEqual([]);
    while (!(await over()) && bench.opco.calls.length === 0) await heir.round();
    await bench.poll(heir);
    expect(bench.opco.reads('etats')).toHaveLength(1);
  });

  it('leave a living one its target, however long its poll takes', async () => {
    await bench.aTarget();
    let open: () => void = () => undefined;
    bench.opco.gate = new Promise((resolve) => (open = resolve));
    const [living, other] = [bench.anInstance({ OPCOVIA_POLL_LEASE_SECONDS: 2 }), bench.anInstance()];
    await living.round();
    const lease = async () =>
      (await bench.asSystem<{ until: string }>('SELECT claimed_until::text AS until FROM poll_targets'))[0]?.until;
    const first = await lease();
    const passed = () => bench.asSystem('SELECT 1 WHERE $1::timestamptz < now()', [first]);
    while ((await passed()).length === 0) await other.round();
    await other.round();
    expect(bench.opco.reads('etats')).toHaveLength(1);
    open();
    await Promise.all([living.drain(), other.drain()]);
    expect(bench.opco.reads('etats')).toHaveLength(1);
  });

  it('share many targets, each polled by one of them and once', async () => {
    await manyTargets(30, 'now(), NULL, NULL');
    const instances = [bench.anInstance(), bench.anInstance(), bench.anInstance()];
    const due = async () => (await bench.asSystem('SELECT 1 FROM poll_targets WHERE last_success_at IS NULL')).length;
    while ((await due()) > 0)
      await Promise.all(
        instances.map(async (each) => {
          await each.round();
          await each.drain();
        }),
      );
    const polls = new Map<string, Set<string>>();
    for (const { tenant, requestId } of bench.opco.reads('etats'))
      polls.set(tenant.hash, (polls.get(tenant.hash) ?? new Set()).add(requestId));
    expect(polls.size).toBe(30);
    expect([...polls.values()].map(({ size }) => size)).toEqual(Array(30).fill(1));
  });

  it('plan on a part of the rate, which an OPCO has for each environment, shared with those alone who are polled by it', async () => {
    const hash = await bench.aTarget();
    const others = ['test', 'live', 'test', 'test', 'test'];
    await bench.asSystem(
      `WITH made AS (
         INSERT INTO tenants (tenant_hash, nom, environment, suspended_at)
         SELECT encode(sha256(('sharer' || i)::bytea), 'hex'), 'CFA', e, CASE i WHEN 3 THEN now() END
         FROM unnest($1::text[]) WITH ORDINALITY AS u(e, i) RETURNING tenant_hash)
       INSERT INTO poll_targets (tenant_hash, opco_id, stopped_at, paused_reason)
       SELECT tenant_hash, 'akto', CASE tenant_hash WHEN encode(sha256('sharer4'), 'hex') THEN now() END,
         CASE tenant_hash WHEN encode(sha256('sharer5'), 'hex') THEN 'credentials' END FROM made`,
      [others],
    );
    const claimed = await bench.targets.claim(9, 60);
    const shares = claimed.map(({ tenant, sharedBy }) => `${tenant.environment} ${sharedBy}`);
    expect(shares.sort()).toEqual(['live 1', 'test 2', 'test 2', 'test 2']);
    const share = (environment: 'test' | 'live') => bench.targets.share({ hash, environment }, 'akto');
    expect([await share('test'), await share('live')]).toMatchObject([{ sharedBy: 2 }, { sharedBy: 1 }]);
  });

  it('spread over an interval what a standstill has left due, and hold up nothing else', async () => {
    // Of ten: one was never polled, one is due as usual, one is paused by its owner; seven wait since yesterday.
    await manyTargets(
      200,
      `CASE i % 10 WHEN 1 THEN now() - interval '10 seconds' ELSE now() - interval '1 day' END,
       CASE i % 10 WHEN 0 THEN NULL ELSE now() - interval '1 day' END, CASE i % 10 WHEN 2 THEN now() END`,
    );
    await bench.targets.spread(60);
    const [row] = await bench.asSystem<{ quarters: number[]; never: number; usual: number }>(
      `SELECT ARRAY(SELECT count(*) FILTER (WHERE next_poll_at > now() + make_interval(secs => q * 15 - 2)
           AND next_poll_at <= now() + make_interval(secs => q * 15 + 15))::int
         FROM poll_targets CROSS JOIN generate_series(0, 3) q WHERE stopped_at IS NULL GROUP BY q ORDER BY q) AS quarters,
         count(*) FILTER (WHERE last_success_at IS NULL AND next_poll_at < now())::int AS never,
         count(*) FILTER (WHERE next_poll_at BETWEEN now() - interval '20 seconds' AND now() - interval '9 seconds')::int AS usual
       FROM poll_targets`,
    );
    expect(row).toMatchObject({ never: 20, usual: 20 });
    expect(Math.min(...(row?.quarters ?? []))).toBeGreaterThanOrEqual(15);
    expect(Math.max(...(row?.quarters ?? []))).toBeLessThanOrEqual(80);
  });

  it('begin no round before that is done, when they start', async () => {
    const tenant = await bench.aTarget();
    await bench.asSystem(
      `UPDATE poll_targets SET next_poll_at = now() - interval '2 days', last_success_at = now() - interval '2 days'`,
    );
    const starting = bench.anInstance({ OPCOVIA_POLL_INTERVAL_SECONDS: 86_400, OPCOVIA_TICK_MS: 1 });
    // Somebody holds the row: the spreading waits, and many ticks pass meanwhile.
    await bench.db.database.asSystem(async (system) => {
      await system.query('SELECT 1 FROM poll_targets FOR UPDATE');
      starting.onApplicationBootstrap();
      for (let often = 0; often < 50; often++) await bench.asSystem('SELECT 1');
    });
    while (((await bench.target(tenant))?.wait ?? 0) < 0) await bench.asSystem('SELECT 1');
    for (let often = 0; often < 50; often++) await bench.asSystem('SELECT 1');
    await starting.onModuleDestroy();
    expect(bench.opco.calls).toEqual([]);
  });

  it('keep to a pause after a restart, and go on where the CFA says so', async () => {
    const tenant = await bench.aTarget();
    await bench.poll();
    await bench.polling.change(tenant, 'akto', { status: 'paused', ...cli });
    bench.opco.dossiers.set('D1', { etat: 'SOLDE' });
    bench.opco.calls.length = 0;
    const started = bench.anInstance();
    await bench.asSystem("UPDATE poll_targets SET next_poll_at = now() - interval '1 day'");
    await bench.targets.spread(60);
    await bench.asSystem('UPDATE poll_targets SET next_poll_at = now()');
    await bench.poll(started);
    expect([bench.opco.calls, (await bench.polling.view(tenant, 'akto')).status]).toEqual([[], 'paused']);
    const { status } = await bench.polling.change(tenant, 'akto', { status: 'active', ...cli });
    expect(status).toBe('active');
    await bench.poll(bench.anInstance());
    expect((await bench.events(tenant)).map(({ type }) => type)).toEqual(['dossier.etat_changed']);
  });

  it('tell of a dossier that nobody announced to whoever wants to hear of it, once, and of no deposit of ours', async () => {
    const tenant = await bench.aTarget();
    await bench.poll();
    bench.opco.dossiers.set('D2', { etat: 'TRANSMIS' });
    await bench.pollAgain(tenant);
    await bench.polling.change(tenant, 'akto', { discovered: true, ...cli });
    await bench.deposited(tenant, 'D3');
    bench.opco.dossiers.set('D3', { etat: 'TRANSMIS' });
    bench.opco.dossiers.set('D4', { etat: 'EN_COURS_INSTRUCTION' });
    for (let twice = 0; twice < 2; twice++) await bench.pollAgain(tenant);
    bench.opco.dossiers.set('D4', { etat: 'ENGAGE' });
    await bench.pollAgain(tenant);
    const told = (await bench.events(tenant)).filter(({ type }) => type.startsWith('dossier.'));
    expect(told.map(({ type, subject, data }) => ({ type, subject, ...data }))).toMatchObject([
      { type: 'dossier.discovered', subject: 'dossier:akto:D4', numeroInterne: 'D4', etat: 'EN_COURS_INSTRUCTION' },
      { type: 'dossier.etat_changed', numeroInterne: 'D4', before: 'EN_COURS_INSTRUCTION', after: 'ENGAGE' },
    ]);
  });
});
