import { CfaEverywhere } from '../support/a-cfa-everywhere.js';
import { controlOf } from '../support/norm-client.js';
import { control, eventually, startProduct, type Product } from '../support/product.js';

describe('the watch over dossiers', () => {
  let product: Product;
  let cfa: CfaEverywhere;

  beforeAll(async () => {
    product = await startProduct({ OPCOVIA_POLL_SHARE: '1' });
    cfa = await CfaEverywhere.of(product, 'CFA suivi');
  });
  afterAll(() => product.stop());

  const told = async () => (await cfa.ask('GET', '/events?opcoId=akto&limit=200')).body.data;
  const polling = () => cfa.ask('GET', '/akto/polling');
  const history = (numero: string, at = '') => cfa.ask('GET', `/akto/dossiers/${numero}/historique${at}`);
  /** Waits for complete polls that began after now. */
  const polled = async (times: number) => {
    for (let done = 0; done < times; done++) {
      const { lastSuccessAt } = (await polling()).body;
      await eventually(polling, ({ body }) => body.lastSuccessAt !== lastSuccessAt);
    }
  };

  it('tells each change once with before and after, whatever happens to the list, and remembers when it knew what', async () => {
    const { premier } = await cfa.seed('akto', 60);
    await eventually(polling, ({ body }) => body.dossiers === 60);
    await cfa.put('akto', premier, 'ENGAGE');
    await eventually(
      () => history(premier),
      ({ body }) => body.data?.[0]?.etat === 'ENGAGE',
    );
    for (const [kind, more] of [
      ['short-page', { rows: 10 }],
      ['repeated-page', {}],
      ['moving-pages', { by: -3 }],
      ['moving-pages', { by: 2 }],
      ['wrapped-page', {}],
      ['status', { status: 503 }],
    ] as const) {
      await control(product.sandbox, '/_sandbox/faults', { opcoId: 'akto', route: 'etats', kind, times: 4, ...more });
      await polled(1);
    }
    await cfa.put('akto', premier, 'RUPTURE');
    await eventually(
      () => history(premier),
      ({ body }) => body.data?.[0]?.etat === 'RUPTURE',
    );
    await polled(2);
    const about = (await told()).filter(
      ({ data }: { data: { numeroInterne?: string } }) => data.numeroInterne === premier,
    );
    const states = about.filter(({ event }: { event: string }) => event === 'dossier.etat_changed');
    expect(
      states.map(({ data }: { data: { before: string; after: string } }) => [data.before, data.after]).at(-1),
    ).toEqual(['ENGAGE', 'RUPTURE']);
    const { data: versions } = (await history(premier)).body;
    const steps = versions.slice(0, -1).reverse();
    const moves = steps.filter(({ changes }: { changes: { class: string }[] }) =>
      changes.some((each) => each.class === 'etat'),
    );
    expect(states).toHaveLength(moves.length);
    expect((await told()).filter(({ event }: { event: string }) => /deleted|incident/.test(event))).toEqual([]);
    for (const { observedAt, version } of versions) {
      const { body } = await history(premier, `?at=${observedAt}`);
      expect([body.version, body.dossier.cerfa.numeroInterne]).toEqual([version, premier]);
      const before = await history(premier, `?at=${new Date(Date.parse(observedAt) - 1).toISOString()}`);
      expect(before.status === 404 ? 0 : before.body.version).toBe(version - 1);
    }
    expect((await polling()).body).toMatchObject({ status: 'active', dossiers: 60, deleted: 0, heldDeletions: 0 });
  });

  it('believes in no list that has become empty: nothing ends, the CFA sees what is held back', async () => {
    const { body } = await cfa.ask('GET', '/akto/dossiers/etats?limit=1');
    expect(body.total).toBe(60);
    const numero = body.data[0].numeroInterne;
    await control(product.sandbox, '/_sandbox/reset', {});
    await controlOf(product.sandbox, 'cfas', { opcoId: 'akto', apiKey: cfa.cfaKey('akto') });
    const held = await eventually(polling, ({ body: view }) => view.heldDeletions > 0, 40_000);
    expect(held.body).toMatchObject({ dossiers: 60, deleted: 0, heldDeletions: 60 });
    await eventually(told, (events) => events.some(({ event }: { event: string }) => event === 'incident.raised'));
    expect((await told()).filter(({ event }: { event: string }) => event === 'dossier.deleted')).toEqual([]);
    expect((await history(numero)).body.data[0].deleted).toBe(false);
  });

  it('pauses and resumes, and says whether the money of a dossier adds up', async () => {
    await controlOf(product.sandbox, 'cfas', { opcoId: 'atlas', apiKey: cfa.cfaKey('atlas') });
    const { premier } = await cfa.seed('atlas', 3);
    const paused = await cfa.ask('PUT', '/atlas/polling', { body: { status: 'paused' } });
    expect([paused.status, paused.body.status, paused.body.nextPollAt]).toEqual([200, 'paused', null]);
    const { status, body } = await cfa.ask('GET', `/atlas/dossiers/${premier}/coherence`);
    expect([status, body.numeroInterne, body.coherent]).toEqual([200, premier, true]);
    expect((await cfa.ask('PUT', '/atlas/polling', { body: { status: 'active' } })).body.status).toBe('active');
    await eventually(
      () => cfa.ask('GET', '/atlas/polling'),
      ({ body: view }) => view.dossiers === 3,
    );
    expect((await cfa.ask('PUT', '/atlas/polling', { body: {} })).status).toBe(400);
  });
});
