import { opcoIds, type EndpointName, type OpcoId } from '../../src/core/endpoint.js';
import { CfaEverywhere, lineOf, type Matrix } from '../support/a-cfa-everywhere.js';
import { DriftedAnswers, rowPointer, rowsIn } from '../support/drifted-answers.js';
import { controlOf } from '../support/norm-client.js';
import { morning, opcosV2, opcosWithDossiers } from '../support/norm-journey.js';
import { startProduct, type Asked, type Product } from '../support/product.js';

type Body = Asked['body'];

/** No value of an answer may be seen outside of it; this one is in every change below that has room for it. */
const canary = 'VALEUR-JAMAIS-VUE-4711';

/** Changes that leave a dossier readable: what is noted, and what the reader then gets. */
const bearable: readonly {
  readonly it: string;
  readonly change: (body: Body) => void;
  readonly drift: { readonly kind: string; readonly path: string };
  readonly got: (body: Body) => unknown;
  readonly wanted: unknown;
}[] = [
  {
    it: 'a number as text',
    change: ({ echeances }) => (echeances[0].montantTotal = '2400.5'),
    drift: { kind: 'type', path: '/echeances/*/montantTotal' },
    got: ({ echeances }) => echeances[0].montantTotal,
    wanted: 2400.5,
  },
  {
    it: 'text as a number',
    change: ({ echeances }) => (echeances[0].siretCfa = 13002526500013),
    drift: { kind: 'type', path: '/echeances/*/siretCfa' },
    got: ({ echeances }) => echeances[0].siretCfa,
    wanted: '13002526500013',
  },
  {
    it: 'no schedule',
    change: (body) => delete body.echeances,
    drift: { kind: 'missing', path: '/echeances' },
    got: (body) => 'echeances' in body,
    wanted: false,
  },
  {
    it: 'no contract in the contract',
    change: ({ cerfa }) => delete cerfa.contrat,
    drift: { kind: 'missing', path: '/cerfa/contrat' },
    got: ({ cerfa }) => 'contrat' in cerfa,
    wanted: false,
  },
  {
    it: 'an optional part that nobody can read',
    change: (body) => (body.engagementsFraisAnnexe = canary),
    drift: { kind: 'type', path: '/engagementsFraisAnnexe' },
    got: (body) => 'engagementsFraisAnnexe' in body,
    wanted: false,
  },
  {
    it: 'a new field deep inside',
    change: ({ cerfa }) => (cerfa.apprenti.nouveau = canary),
    drift: { kind: 'unknown', path: '/cerfa/apprenti/nouveau' },
    got: ({ cerfa }) => cerfa.apprenti.nouveau,
    wanted: canary,
  },
];

/** Changes after which a dossier means nothing any more, and the place that says so. */
const unbearable: readonly (readonly [place: string, change: (body: Body) => void])[] = [
  ['/echeances/*/montantRegle', ({ echeances }) => (echeances[0].montantRegle = `1 234,50 ${canary}`)],
  ['/echeances/*/dateOuverture', ({ echeances }) => (echeances[0].dateOuverture = canary)],
  ['/engagement', (body) => (body.engagement = { montant: canary })],
  ['/cerfa/etat', ({ cerfa }) => delete cerfa.etat],
  ['/cerfa', (body) => (body.cerfa = canary)],
];

let product: Product;
let cfa: CfaEverywhere;
let matrix: Matrix;
beforeAll(async () => {
  product = await startProduct({ OPCOVIA_POLL_INTERVAL_SECONDS: '3600' });
  await controlOf(product.sandbox, 'clock', { set: morning });
  cfa = await CfaEverywhere.of(product, 'CFA des dérives');
  matrix = await cfa.matrix();
});
afterAll(() => product.stop());

async function observed(opcoId: OpcoId): Promise<Body[]> {
  return (await cfa.ask('GET', `/${opcoId}/status`)).body.observed.drift;
}

/** Lines that tell of a shape seen for the first time. */
const told = (opcoId: OpcoId, path: string) =>
  product
    .logged()
    .split('\n')
    .filter((line) => line.includes('upstream answer drifted'))
    .map((line) => JSON.parse(line) as Body)
    .filter((line) => line.opcoId === opcoId && line.pointer === path);

async function counted(opco: OpcoId, endpoint: EndpointName, kind: string): Promise<number> {
  const text = await (await fetch(`${product.opcovia.staffUrl}/metrics`)).text();
  const line = `opcovia_upstream_drift_total{opco="${opco}",endpoint="${endpoint}",kind="${kind}"} `;
  return Number(
    text
      .split('\n')
      .find((each) => each.startsWith(line))
      ?.slice(line.length) ?? 0,
  );
}

/** Every read with the query of the norm, that of our door, and what its rows must have besides. */
function readsOf(numeroInterne: string, cfaKey: string) {
  const facture = { numeroInterneFacture: 'F1', etatFacture: 'REGLE', montantFacture: 10 };
  return [
    { endpoint: 'status', query: {}, path: '/status' },
    { endpoint: 'cfakeyinfo', query: { siren: '130025265', XAPIKEY: cfaKey }, path: '/cfakeyinfo?siren=130025265' },
    { endpoint: 'dossier', query: { numeroInterne }, path: `/dossiers/${numeroInterne}` },
    { endpoint: 'etats', query: {}, path: '/dossiers/etats' },
    {
      endpoint: 'liste',
      query: { numerosInternes: numeroInterne },
      path: `/dossiers/liste?numerosInternes=${numeroInterne}`,
    },
    { endpoint: 'facturesEtats', query: {}, path: '/factures/etats', row: facture },
  ] as const satisfies readonly { endpoint: EndpointName; query: Record<string, string>; path: string; row?: object }[];
}

it.each(opcoIds)('%s: a field that nobody knows breaks no read, is counted each time and told once', async (opcoId) => {
  const { premier } = await cfa.seed(opcoId, 1);
  const answers = await DriftedAnswers.of(product.sandbox, opcoId, cfa.cfaKey(opcoId));
  for (const { endpoint, query, path, ...more } of readsOf(premier, cfa.cfaKey(opcoId))) {
    const { state, norm } = lineOf(matrix, opcoId, endpoint);
    if (state !== 'supported') continue;
    const add = (body: Body) => {
      if ('row' in more) pageOf(body).factures.push({ ...more.row });
      for (const row of rowsIn(body)) row.nouveauChamp = canary;
    };
    for (const times of [1, 2]) {
      await answers.next({ endpoint, norm, query }, add);
      const answer = await cfa.fresh(`/${opcoId}${path}`);
      expect([endpoint, answer.status]).toEqual([endpoint, 200]);
      expect(await counted(opcoId, endpoint, 'unknown')).toBe(times);
    }
    const place = rowPointer(endpoint, 'nouveauChamp');
    const seen = { endpoint, kind: 'unknown', path: place, answers: 2 };
    expect(await observed(opcoId)).toContainEqual(expect.objectContaining(seen));
    expect(told(opcoId, place).filter((line) => line.endpoint === endpoint)).toHaveLength(1);
  }
});

it.each(opcosV2)('%s: a page that counts in text and says something new is still a page', async (opcoId) => {
  const answers = await DriftedAnswers.of(product.sandbox, opcoId, cfa.cfaKey(opcoId));
  await answers.next({ endpoint: 'etats', norm: 'v2', query: {} }, (body) => {
    Object.assign(pageOf(body), { total: String(pageOf(body).total), page: '1', suivante: canary });
  });
  const { status, body } = await cfa.fresh(`/${opcoId}/dossiers/etats?limit=1`);
  expect([status, body.total]).toEqual([200, product.sandbox.world.cfa(opcoId, cfa.cfaKey(opcoId))?.dossiers.size]);
  expect(Object.keys(body)).toEqual(['data', 'page', 'limit', 'total']);
  const drift = (await observed(opcoId)).filter(({ endpoint, path }) => endpoint === 'etats' && !path.includes('*'));
  expect(drift.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
    'type /page',
    'type /total',
    'unknown /suivante',
  ]);
});

describe.each(opcosWithDossiers)('%s', (opcoId) => {
  it('puts up with what can still be trusted, and says what drifted', async () => {
    const { answers, query, path } = await aDossier(opcoId);
    const { norm } = lineOf(matrix, opcoId, 'dossier');
    for (const { it: name, change, drift, got, wanted } of bearable) {
      const before = await counted(opcoId, 'dossier', drift.kind);
      await answers.next({ endpoint: 'dossier', norm, query }, change);
      const answer = await cfa.fresh(path);
      expect([name, answer.status, got(answer.body)]).toEqual([name, 200, wanted]);
      expect(await counted(opcoId, 'dossier', drift.kind)).toBe(before + 1);
      expect(await observed(opcoId)).toContainEqual(expect.objectContaining({ endpoint: 'dossier', ...drift }));
      expect(told(opcoId, drift.path)).toEqual([expect.objectContaining({ endpoint: 'dossier', drift: drift.kind })]);
    }
  });

  it('gives and keeps nothing of what cannot be trusted', async () => {
    const { norm } = lineOf(matrix, opcoId, 'dossier');
    for (const [place, change] of unbearable) {
      const { answers, query, path } = await aDossier(opcoId);
      await answers.next({ endpoint: 'dossier', norm, query }, change);
      const answer = await cfa.ask('GET', path);
      expect([place, answer.status, answer.body.code]).toEqual([place, 502, 'UPSTREAM_INVALID']);
      expect(answer.body.detail).toContain(`: ${place}.`);
      expect(answer.text).not.toContain(canary);
      const kept = await cfa.ask('GET', path, { headers: { 'cache-control': 'only-if-cached' } });
      expect(kept.status).toBe(504);
      expect((await cfa.ask('GET', path)).status).toBe(200);
    }
  });
});

it('no value of a drifted answer was logged or shown as drift', async () => {
  expect(product.logged()).not.toContain(canary);
  expect(product.logged()).toContain('upstream answer drifted');
  for (const opcoId of opcoIds) expect(JSON.stringify(await observed(opcoId))).not.toContain(canary);
});

/** An engaged dossier that nobody has read yet. */
async function aDossier(opcoId: OpcoId) {
  const { premier: numeroInterne } = await cfa.seed(opcoId, 1);
  await cfa.put(opcoId, numeroInterne, 'ENGAGE');
  const answers = await DriftedAnswers.of(product.sandbox, opcoId, cfa.cfaKey(opcoId));
  return { answers, query: { numeroInterne }, path: `/${opcoId}/dossiers/${numeroInterne}` };
}

/** A page of protocol V2, out of the array of one in which some OPCOs wrap it. */
function pageOf(body: Body): Body {
  return Array.isArray(body) ? body[0] : body;
}
