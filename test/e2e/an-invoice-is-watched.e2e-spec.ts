import { exampleFacture } from '../../src/core/contract/facture.js';
import { WebhookReceiver } from '../../src/dev/demo/receiver.js';
import { CfaEverywhere } from '../support/a-cfa-everywhere.js';
import { controlOf } from '../support/norm-client.js';
import { control, eventually, startProduct, type Product } from '../support/product.js';

interface Told {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

describe('an invoice that an OPCO lists', () => {
  let product: Product;
  let cfa: CfaEverywhere;
  let apiKey: string;
  const receiver = new WebhookReceiver();

  beforeAll(async () => {
    const port = await receiver.listen();
    product = await startProduct({
      OPCOVIA_POLL_SHARE: '1',
      OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}`,
      OPCOVIA_UPSTREAM_LIMITS: '{"akto":{"callsPerSecond":200,"burst":200}}',
    });
    cfa = await CfaEverywhere.of(product, 'CFA facturé');
    apiKey = cfa.cfaKey('akto');
    const url = `http://127.0.0.1:${port}/`;
    const { body } = await cfa.ask('POST', '/webhooks', { body: { url, events: ['facture.etat_changed'] } });
    receiver.trust(body.secret);
  });
  afterAll(async () => {
    receiver.close();
    await product.stop();
  });

  const feed = async () =>
    (await cfa.ask('GET', '/events?types=facture.etat_changed&limit=200')).body.data as readonly Told[];
  const until = (etat: string) => eventually(feed, (events) => events.at(-1)?.data['after'] === etat, 40_000);
  const listed = () => product.sandbox.world.ledger.read({ opcoId: 'akto', route: 'facturesEtats' }).length;
  /** Waits for whole readings of the list that began after now. */
  const readAgain = async (times: number) => {
    const before = listed();
    await eventually(
      async () => listed(),
      (reads) => reads >= before + times + 1,
      40_000,
    );
  };
  /** A deposited invoice over an engaged dossier. */
  const bill = async (numero: string) => {
    const { premier: numeroInterne } = await cfa.seed('akto', 1);
    await cfa.put('akto', numeroInterne, 'ENGAGE');
    // As the watch has it before anything is billed.
    await eventually(
      () => cfa.ask('GET', `/akto/dossiers/${numeroInterne}/historique`),
      ({ body }) => body.data?.[0]?.etat === 'ENGAGE',
      40_000,
    );
    const { cerfa } = (await cfa.fresh(`/akto/dossiers/${numeroInterne}`)).body;
    const { lignes, ...facture } = exampleFacture(numero, cerfa.numeroExterne);
    const body = { ...facture, montantTotal: 1, lignes: [{ ...lignes[0], montant: 1 }] };
    const job = await cfa.deposit('/akto/factures', body);
    expect(job.status).toBe('completed');
    return { numeroInterne, numeroInterneFacture: job.result.numeroInterneFacture as string };
  };
  const put = (numeroInterneFacture: string, etatFacture: string) =>
    controlOf(product.sandbox, 'etat-facture', { opcoId: 'akto', apiKey, numeroInterneFacture, etatFacture });

  it('is told in each of its states once, by feed and by webhook, whatever happens to the list', async () => {
    await readAgain(1);
    const { numeroInterne, numeroInterneFacture } = await bill('F-2026-0777');
    await until('TRANSMISE');
    await put(numeroInterneFacture, 'EN_COURS_INSTRUCTION');
    await until('EN_COURS_INSTRUCTION');
    for (const fault of [
      { kind: 'status', status: 503 },
      { kind: 'status', status: 429 },
      { kind: 'short-page', rows: 0 },
      { kind: 'truncate' },
    ]) {
      await control(product.sandbox, '/_sandbox/faults', {
        opcoId: 'akto',
        route: 'facturesEtats',
        times: 2,
        ...fault,
      });
      await readAgain(3);
    }
    await put(numeroInterneFacture, 'REGLE');
    await until('REGLE');
    await readAgain(2);
    const one = { numero: 'F-2026-0777', numeroInterneFacture, numeroInterne };
    const states = [
      { ...one, before: null, after: 'TRANSMISE' },
      { ...one, before: 'TRANSMISE', after: 'EN_COURS_INSTRUCTION' },
      { ...one, before: 'EN_COURS_INSTRUCTION', after: 'REGLE' },
    ];
    expect((await feed()).map(({ data }) => data)).toEqual(states);
    await eventually(
      async () => receiver.received.length,
      (heard) => heard >= 3,
    );
    expect(receiver.received.map(({ verified, event, data }) => [verified, event, data])).toEqual(
      states.map((state) => [true, 'facture.etat_changed', state]),
    );
  });

  it('shows what was paid on its dossier as soon as it is told', async () => {
    const { numeroInterne, numeroInterneFacture } = await bill('F-2026-0778');
    await put(numeroInterneFacture, 'REGLE');
    await until('REGLE');
    const paid = await eventually(
      () => cfa.ask('GET', `/akto/dossiers/${numeroInterne}/historique`),
      ({ body }) => JSON.stringify(body.data?.[0]?.changes ?? '').includes('montantRegle'),
      40_000,
    );
    expect(paid.status).toBe(200);
  });
});
