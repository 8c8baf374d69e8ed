import type { TenantHash } from '../../src/core/tenant.js';
import { PollBench } from '../support/poll-bench.js';
import { ScriptedOpco } from '../support/polled-opco.js';

describe('a dossier that the list no longer has', () => {
  let bench: PollBench;
  let tenant: TenantHash;

  beforeAll(async () => {
    bench = await PollBench.create();
  });
  afterAll(() => bench?.db.drop());
  beforeEach(async () => {
    bench.opco = new ScriptedOpco();
    tenant = await bench.aTarget();
  });

  const fill = (count: number) => {
    for (let at = 1; at <= count; at++) bench.opco.dossiers.set(`D${at}`, { etat: 'ENGAGE', engagement: at });
  };
  const told = async () => (await bench.events(tenant)).map(({ type, data }) => ({ type, ...data }));
  const unknown = { type: 'dossier.deleted', numeroInterne: 'D2', etat: 'ENGAGE' };
  /** The OPCO says that it has no such dossier, as it says of every number that it does not know. */
  const answersAsAnOpco = () => {
    bench.opco.failing = ({ endpoint, query }) =>
      endpoint === 'dossier' && !bench.opco.dossiers.has(String(query['numeroInterne'])) ? 'NOT_FOUND' : undefined;
  };

  it('is ended by the second verified scan without it and the OPCO’s own word, once', async () => {
    fill(3);
    answersAsAnOpco();
    await bench.poll();
    bench.opco.dossiers.delete('D2');
    await bench.pollAgain(tenant);
    expect(await told()).toEqual([]);
    await bench.pollAgain(tenant);
    expect(await told()).toEqual([unknown]);
    await bench.pollAgain(tenant);
    await bench.pollAgain(tenant);
    expect(await told()).toEqual([unknown]);
    expect(
      (await bench.history.page(tenant, { opcoId: 'akto', numeroInterne: 'D2' }, { limit: 9 })).data,
    ).toMatchObject([
      { version: 2, deleted: true },
      { version: 1, deleted: false },
    ]);
  });

  it('stays when any scan lists it in between, or when the OPCO still shows it by number', async () => {
    fill(3);
    answersAsAnOpco();
    await bench.poll();
    for (let twice = 0; twice < 2; twice++) {
      bench.opco.dossiers.delete('D2');
      await bench.pollAgain(tenant);
      bench.opco.dossiers.set('D2', { etat: 'ENGAGE', engagement: 2 });
      await bench.pollAgain(tenant);
    }
    const all = [...bench.opco.dossiers].map(([numeroInterne, { etat }]) => ({ numeroInterne, etat }));
    const short = all.filter(({ numeroInterne }) => numeroInterne !== 'D2');
    bench.opco.page = (_data, page) => ({ data: short.slice((page - 1) * 2, page * 2), total: short.length, page });
    for (let often = 0; often < 5; often++) await bench.pollAgain(tenant);
    expect(await told()).toEqual([]);
  });

  it.each<[string, (data: object[], page: number) => object]>([
    ['short', (data, page) => ({ data: data.slice(0, 1), total: 3, page })],
    [
      'repeated',
      (data, page) => ({ data: page === 2 ? [{ numeroInterne: 'D1', etat: 'ENGAGE' }] : data, total: 4, page }),
    ],
    [
      'moving',
      (data, page) => ({
        data:
          page === 2
            ? [
                { numeroInterne: 'D1', etat: 'ENGAGE' },
                { numeroInterne: 'D3', etat: 'ENGAGE' },
              ]
            : data,
        total: 3,
        page,
      }),
    ],
    [
      'of a total that it does not tell',
      (data, page) => ({ data: page === 1 ? data.slice(0, 1) : [], total: null, page }),
    ],
    ['of two totals', (data, page) => ({ data: page === 1 ? data : [], total: page === 1 ? 3 : 2, page })],
  ])('stays however often the list is %s', async (_what, page) => {
    fill(3);
    await bench.poll();
    bench.opco.failing = ({ endpoint }) => (endpoint === 'dossier' ? 'NOT_FOUND' : undefined);
    bench.opco.page = page;
    for (let often = 0; often < 4; often++) await bench.pollAgain(tenant);
    expect(await told()).toEqual([]);
    expect(await bench.versions(tenant)).toHaveLength(3);
  });

  it('is not believed gone among many: nothing ends, an incident is told once, and again after it was over', async () => {
    fill(10);
    answersAsAnOpco();
    await bench.poll();
    const gone = ['D1', 'D2', 'D3', 'D4'];
    for (const numero of gone) bench.opco.dossiers.delete(numero);
    for (let often = 0; often < 4; often++) await bench.pollAgain(tenant);
    const incident = { type: 'incident.raised', kind: 'mass_deletion', opcoId: 'akto', missing: 4, known: 10 };
    expect(await told()).toEqual([incident]);
    for (const numero of gone) bench.opco.dossiers.set(numero, { etat: 'ENGAGE', engagement: Number(numero.slice(1)) });
    await bench.pollAgain(tenant);
    for (const numero of gone) bench.opco.dossiers.delete(numero);
    for (let often = 0; often < 3; often++) await bench.pollAgain(tenant);
    expect(await told()).toEqual([incident, incident]);
    expect(await bench.versions(tenant)).toHaveLength(10);
    await bench.asSystem("UPDATE poll_targets SET brake_lifted_until = now() + interval '1 day'");
    await bench.pollAgain(tenant);
    expect((await told()).filter(({ type }) => type === 'dossier.deleted')).toHaveLength(4);
  });

  it('that comes back goes on with its history, and its return is told', async () => {
    fill(3);
    answersAsAnOpco();
    await bench.poll();
    bench.opco.dossiers.delete('D2');
    for (let twice = 0; twice < 2; twice++) await bench.pollAgain(tenant);
    bench.opco.dossiers.set('D2', { etat: 'ENGAGE', engagement: 2 });
    await bench.pollAgain(tenant);
    await bench.pollAgain(tenant);
    const back = { type: 'dossier.updated', numeroInterne: 'D2', changes: [], reappeared: true };
    expect(await told()).toEqual([unknown, back]);
    bench.opco.dossiers.set('D2', { etat: 'SOLDE', engagement: 2 });
    await bench.pollAgain(tenant);
    expect((await told()).at(-1)).toMatchObject({ type: 'dossier.etat_changed', before: 'ENGAGE', after: 'SOLDE' });
  });
});

describe('what only a detail shows', () => {
  let bench: PollBench;

  beforeAll(async () => {
    bench = await PollBench.create();
  });
  afterAll(() => bench?.db.drop());

  it('is seen when the clock of its dossier says so, told once, and few at a time', async () => {
    const tenant = await bench.aTarget();
    for (let at = 1; at <= 25; at++) bench.opco.dossiers.set(`D${at}`, { etat: 'ENGAGE', engagement: at });
    await bench.poll();
    const [clock] = await bench.db.database.asTenant(tenant, (sql) =>
      sql.query<{ late: number; weighed: boolean }>(
        `SELECT count(*) FILTER (WHERE next_read_at < now() + interval '800 seconds')::int AS late, bool_and(weight > 0) AS weighed
         FROM watched_dossiers`,
      ),
    );
    expect(clock).toEqual({ late: 0, weighed: true });
    bench.opco.dossiers.set('D7', { etat: 'ENGAGE', engagement: 700 });
    bench.opco.calls.length = 0;
    await bench.pollAgain(tenant);
    expect(bench.opco.reads('dossier')).toEqual([]);
    await bench.allDue(tenant);
    await bench.pollAgain(tenant);
    expect(bench.opco.reads('dossier')).toHaveLength(20);
    await bench.pollAgain(tenant);
    expect(bench.opco.reads('dossier')).toHaveLength(25);
    expect(await bench.events(tenant)).toMatchObject([
      {
        type: 'dossier.updated',
        data: { changes: [{ path: '/engagement', class: 'montant', before: 7, after: 700 }] },
      },
    ]);
  });

  it('is written by nobody who lost the target while he asked', async () => {
    const tenant = await bench.aTarget();
    bench.opco = new ScriptedOpco();
    bench.opco.dossiers.set('D1', { etat: 'TRANSMIS' });
    // Frozen while the detail was on its way: the lease has passed on.
    bench.loseClaimAt('dossier');
    await bench.poll();
    expect(await bench.versions(tenant)).toEqual([]);
  });
});
