import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { aCerfa } from '../support/norm-bodies.js';
import { clientOf, controlOf, type NormAnswer, type NormCall } from '../support/norm-client.js';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ port: 0, seed: 'spec', speed: 0 })));
afterAll(() => sandbox.stop());
beforeEach(() => {
  sandbox.world.reset('spec');
  sandbox.world.quotas.set('akto', { limit: 10_000, windowMs: 1000 });
});

const apiKey = 'sandbox-cfa-key-akto';
const deposit = (rank = 0): NormCall => ({ route: 'POST v2/dossiers', json: { cerfa: aCerfa({ rank }) } });
const page = (numeroPage: number): NormCall => ({
  route: 'GET v2/dossiers/etats',
  query: { numeroPage: String(numeroPage) },
});
const control = (path: string, body?: unknown) => controlOf(sandbox, path, body);
const arm = (fault: object) => control('faults', { opcoId: 'akto', times: 1, ...fault });
const loggedIn = () => clientOf(sandbox, 'akto');
const rows = ({ body }: NormAnswer) =>
  (body as { EtatDossierResult: { numeroInterne: number; etat: string }[] }).EtatDossierResult;
const numbers = (answer: NormAnswer) => rows(answer).map(({ numeroInterne }) => numeroInterne);

describe('lists on a bad day', () => {
  const seeded = async () => {
    await control('seed', { opcoId: 'akto', apiKey, dossiers: 250 });
    const client = await loggedIn();
    return {
      client,
      good: [await client.send(page(1)), await client.send(page(2)), await client.send(page(3))].map(numbers),
    };
  };

  it('repeat a page under the next number', async () => {
    const { client, good } = await seeded();
    await arm({ kind: 'repeated-page' });
    const answer = await client.send(page(2));
    expect(numbers(answer)).toEqual(good[0]);
    expect(answer.body).toMatchObject({ page: 2, total: 250 });
  });

  it('are short of rows that they count', async () => {
    const { client, good } = await seeded();
    await arm({ kind: 'short-page', rows: 3 });
    const answer = await client.send(page(1));
    expect(numbers(answer)).toEqual(good[0]?.slice(0, 3));
    expect(answer.body).toMatchObject({ total: 250, count: 3 });
  });

  it('move between two pages: rows seen again, or never', async () => {
    const { client, good } = await seeded();
    const [first = [], second = [], third = []] = good;
    await arm({ kind: 'moving-pages', by: 2 });
    expect(numbers(await client.send(page(2)))).toEqual([...first.slice(-2), ...second.slice(0, 98)]);
    await arm({ kind: 'moving-pages', by: -2 });
    expect(numbers(await client.send(page(2)))).toEqual([...second.slice(2), ...third.slice(0, 2)]);
  });

  it('come wrapped in an array of one', async () => {
    const { client, good } = await seeded();
    await arm({ kind: 'wrapped-page' });
    const { body } = await client.send(page(1));
    expect(body).toHaveLength(1);
    expect(numbers({ body: body[0] } as NormAnswer)).toEqual(good[0]);
  });

  it('are stale: what came lately is neither listed nor known, until virtual time has passed', async () => {
    const { client } = await seeded();
    await control('faults', { opcoId: 'akto', kind: 'lookup-stale', virtualMs: 60_000 });
    const { body } = await client.send(deposit());
    const known = async () => {
      const { body: last } = await client.send(page(3));
      const listed = (await client.send({ route: 'GET v1/dossiers/etats' })).body as unknown[];
      const whole = await client.send({
        route: 'GET v2/dossiers',
        query: { numeroInterne: String(body.numeroInterne) },
      });
      const liste = await client.send({
        route: 'GET v1/dossiers/liste',
        query: { numerosInternes: String(body.numeroInterne) },
      });
      return [last.total, last.count, listed.length, whole.status, liste.body.length];
    };
    expect(await known()).toEqual([250, 50, 250, 404, 0]);
    await control('clock', { advanceSeconds: 60 });
    expect(await known()).toEqual([251, 51, 251, 200, 1]);
  });

  it('answer 501 or 5xx to look-ups alone', async () => {
    const client = await loggedIn();
    await control('faults', { opcoId: 'akto', script: ['lookup-501', 'lookup-5xx(502)'] });
    expect((await client.send(deposit())).status).toBe(200);
    expect([(await client.send(page(1))).status, (await client.send(page(1))).status]).toEqual([501, 502]);
  });

  it('give another dossier of the same CFA than was asked', async () => {
    const { client, good } = await seeded();
    const [asked, other] = good[0] ?? [];
    await arm({ kind: 'lookup-wrong-number' });
    const { body } = await client.send({ route: 'GET v2/dossiers', query: { numeroInterne: String(asked) } });
    expect(body.cerfa.numeroInterne).toBe(other);
  });

  it.each([
    ['unknown', (row: object) => expect(row).toHaveProperty('champInattendu')],
    ['missing', (row: object) => expect(row).not.toHaveProperty('etat')],
    ['type', (row: object) => expect(row).toHaveProperty('etat.valeur')],
  ])('drift from their schema: %s', async (change, look) => {
    const { client } = await seeded();
    await arm({ script: [`drift(${change})`] });
    const [row] = rows(await client.send(page(1)));
    look(row ?? {});
  });
});
