import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { exampleCertificat } from '../../src/core/contract/certificat.js';
import { exampleConvention } from '../../src/core/contract/convention.js';
import { exampleDocument } from '../../src/core/contract/document.js';
import { exampleFacture } from '../../src/core/contract/facture.js';
import { exampleRupture } from '../../src/core/contract/rupture.js';
import { opcoIds, type EndpointName, type OpcoId } from '../../src/core/endpoint.js';
import { adapters } from '../../src/opco/adapters.js';
import { dialects } from '../../src/sandbox/dialects.js';
import { CfaEverywhere, expectUnsupported, lineOf, type Matrix } from '../support/a-cfa-everywhere.js';
import { controlOf } from '../support/norm-client.js';
import { morning } from '../support/norm-journey.js';
import { control, startProduct, type Asked, type Product } from '../support/product.js';

/** A dossier at an OPCO, by the number of its routes and by the one of its invoices. */
interface Numeros {
  readonly interne: string;
  readonly externe: string;
}

/** Each deposit of the public door that names a dossier: what it is, and what its result holds. In the order of a contract's life. */
const papers: readonly {
  readonly path: string;
  readonly endpoint: EndpointName;
  readonly body: (numeros: Numeros) => object;
  readonly result: object;
}[] = [
  {
    path: '/conventions',
    endpoint: 'depositConvention',
    body: ({ interne }) => exampleConvention(interne),
    result: { numeroInterneDocument: expect.stringMatching(/\d/) },
  },
  {
    path: '/factures',
    endpoint: 'depositFacture',
    body: ({ externe }) => aFacture(externe),
    result: { numeroInterneFacture: expect.stringMatching(/\d/), numeroInterneDocument: expect.stringMatching(/\d/) },
  },
  {
    path: '/certificats',
    endpoint: 'depositCertificat',
    body: ({ interne }) => exampleCertificat(interne),
    result: { via: expect.stringMatching(/^(certificats|documents)$/), numeroInterneDocument: expect.any(String) },
  },
  {
    path: '/documents',
    endpoint: 'depositDocument',
    body: ({ interne }) => exampleDocument(interne),
    result: { numeroInterneDocument: expect.stringMatching(/\d/) },
  },
  {
    path: '/dossiers/rupture',
    endpoint: 'depositRupture',
    body: ({ interne }) => exampleRupture(interne),
    result: { numeroInterne: expect.any(String), etat: 'RUPTURE' },
  },
];

function aFacture(externe: string): object {
  const { lignes, ...facture } = exampleFacture(`F-${externe}`, externe);
  const [ligne] = lignes;
  return { ...facture, montantTotal: 100, lignes: [{ ...ligne, montant: 100 }] };
}

/** All that the operator can vouch for. */
const unsure = adapters.flatMap(({ id, capabilities, trials = {} }) => [
  ...Object.entries(capabilities).flatMap(([name, { state }]) => (state === 'unknown' ? [`${id}:${name}`] : [])),
  ...Object.keys(trials).map((name) => `${id}:${name}-v2`),
]);

let product: Product;
let cfa: CfaEverywhere;
let matrix: Matrix;
beforeAll(async () => {
  product = await startProduct({
    OPCOVIA_POLL_INTERVAL_SECONDS: '3600',
    OPCOVIA_ENABLED_CAPABILITIES: unsure.join(','),
  });
  await controlOf(product.sandbox, 'clock', { set: morning });
  for (const opcoId of opcoIds)
    for (const { name, version, dormant } of dialects[opcoId].routes.values())
      if (dormant)
        await controlOf(product.sandbox, 'capabilities', { opcoId, capability: version === 'v2' ? 'v2' : name });
  cfa = await CfaEverywhere.of(product, 'CFA qui dépose partout');
  matrix = await cfa.matrix();
});
afterAll(() => product.stop());

/** Whether the OPCO has it at all: here every doubt is settled by the operator. */
const offered = (opcoId: OpcoId, endpoint: EndpointName) => lineOf(matrix, opcoId, endpoint).state !== 'absent';
const committed = (opcoId: OpcoId) =>
  product.sandbox.world.ledger
    .read({ opcoId, committed: true })
    .map(({ method, path }) => `${method} ${path.replace(`/${opcoId}`, '')}`);

/** An engaged dossier: deposited where the OPCO takes contracts, its own where it does not. */
async function engaged(opcoId: OpcoId): Promise<Numeros> {
  const { sandbox } = product;
  const interne = offered(opcoId, 'depositDossier')
    ? (await cfa.deposit(`/${opcoId}/dossiers`, { cerfa: exampleCerfa() })).result.numeroInterne
    : (await cfa.seed(opcoId, 1)).premier;
  await cfa.put(opcoId, interne, 'ENGAGE');
  const held = sandbox.world.cfa(opcoId, cfa.cfaKey(opcoId))?.dossiers.get(interne);
  return { interne, externe: held?.numeroExterne ?? '' };
}

function expectRefused(job: Asked['body'], opcoId: OpcoId, upstream: object): void {
  expect([job.status, job.outcome, job.error?.code]).toEqual(['failed', 'not_applied', 'UPSTREAM_REJECTED']);
  expect(job.error.upstream).toMatchObject({ opcoId, ...upstream });
  expect(job.result ?? null).toBeNull();
}

describe.each(opcoIds)('%s', (opcoId) => {
  it('takes every deposit that it offers, by the route of the norm that the matrix names', async () => {
    const numeros = await engaged(opcoId);
    for (const { path, endpoint, body, result } of papers.filter((each) => offered(opcoId, each.endpoint))) {
      const job = await cfa.deposit(`/${opcoId}${path}`, body(numeros));
      expect([endpoint, job.status, job.outcome, job.error]).toEqual([endpoint, 'completed', 'applied', undefined]);
      expect([endpoint, job.result]).toEqual([endpoint, result]);
      if (endpoint === 'depositCertificat')
        expect(job.result.via).toBe(opcoId === 'afdas' ? 'certificats' : 'documents');
    }
    const wanted = papers.filter(({ endpoint }) => offered(opcoId, endpoint)).length;
    const sent = committed(opcoId);
    expect(sent.length).toBe(wanted + (offered(opcoId, 'depositDossier') ? 1 : 0));
    expect(sent.filter((each) => !dialects[opcoId].routes.has(each))).toEqual([]);
    const vouched = (matrix.get(opcoId) ?? []).filter(({ state }) => state === 'unknown' || state === 'test');
    expect(vouched.filter(({ enabled }) => enabled !== true)).toEqual([]);
    const trials = vouched.filter(({ state }) => state === 'test');
    if (offered(opcoId, 'depositDossier')) {
      const newest = lineOf(matrix, opcoId, 'depositDossier').norm === 'v2' || trials.length > 0 ? 'v2' : 'v1';
      expect(sent[0]).toBe(`POST /${newest}/dossiers`);
    }
  });

  it('refuses a paper of a dossier that it does not know, and the job says so in its words', async () => {
    const before = committed(opcoId).length;
    for (const { path, body } of papers.filter((each) => offered(opcoId, each.endpoint))) {
      const job = await cfa.deposit(`/${opcoId}${path}`, body({ interne: 'INCONNU', externe: 'INCONNU' }));
      expectRefused(job, opcoId, { message: expect.stringMatching(/inconnu|Aucun dossier/) });
      expect([400, 404]).toContain(job.error.upstream.status);
    }
    expect(committed(opcoId).length).toBe(before);
  });

  it('refuses a contract in its own words, and the job hands them on', async () => {
    if (!offered(opcoId, 'depositDossier')) {
      const refused = await cfa.ask('POST', `/${opcoId}/dossiers`, { body: { cerfa: exampleCerfa({ rank: 9 }) } });
      return expectUnsupported(refused, lineOf(matrix, opcoId, 'depositDossier'));
    }
    const text = 'Employeur hors du champ de cet OPCO.';
    const fault = { status: 400, code: 'CHAMP', text, route: 'depositDossier' } as const;
    const body = dialects[opcoId].error(fault);
    await control(product.sandbox, '/_sandbox/faults', {
      ...{ opcoId, method: 'POST', path: '/v*', times: 1 },
      ...{ kind: 'status', status: 400, body },
    });
    const job = await cfa.deposit(`/${opcoId}/dossiers`, { cerfa: exampleCerfa({ rank: 9 }) });
    const coded = JSON.stringify(body).includes('CHAMP');
    expectRefused(job, opcoId, { status: 400, message: text, ...(coded && { code: 'CHAMP' }) });
    expect(product.logged()).not.toContain(text);
  });

  it('has taken what it answers drifted: a number is read in either type, its absence is looked up, nothing goes twice', async () => {
    if (!offered(opcoId, 'depositDossier'))
      return expect(lineOf(matrix, opcoId, 'depositDossier').state).toBe('absent');
    const before = committed(opcoId).length;
    const answered = async (rank: number, body: object) => {
      await control(product.sandbox, '/_sandbox/faults', {
        ...{ opcoId, method: 'POST', path: '/v*', times: 1 },
        ...{ kind: 'commit-then-status', status: 200, body },
      });
      return cfa.deposit(`/${opcoId}/dossiers`, { cerfa: exampleCerfa({ rank }) });
    };
    const respelled = await answered(20, { numeroInterne: 12_345, numeroDeca: null, nouveau: 'x' });
    expect([respelled.status, respelled.result]).toEqual(['completed', { numeroInterne: '12345' }]);
    const numberless = await answered(21, { numeroExterne: 'X-1' });
    expect([numberless.status, numberless.outcome]).toEqual(['completed', 'applied']);
    expect(numberless.result).toMatchObject({ reconciled: true, numeroInterne: expect.any(String) });
    expect(committed(opcoId).length).toBe(before + 2);
  });

  it('is never sent a deposit that it does not offer: 501 with the reason of the matrix', async () => {
    const before = committed(opcoId).length;
    for (const { path, endpoint, body } of papers.filter((each) => !offered(opcoId, each.endpoint))) {
      const answer = await cfa.ask('POST', `/${opcoId}${path}`, { body: body({ interne: 'N', externe: 'N' }) });
      expectUnsupported(answer, lineOf(matrix, opcoId, endpoint));
    }
    const { body: jobs } = await cfa.ask('GET', `/${opcoId}/jobs?limit=100`);
    const types = papers.filter(({ endpoint }) => !offered(opcoId, endpoint)).map(({ path }) => path.split('/').at(-1));
    expect(jobs.data.filter(({ type }: Asked['body']) => types.includes(type))).toEqual([]);
    expect(committed(opcoId).length).toBe(before);
  });
});
