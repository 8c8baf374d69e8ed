import { opcoIds, type EndpointName, type OpcoId } from '../../src/core/endpoint.js';
import { dialects } from '../../src/sandbox/dialects.js';
import { CfaEverywhere, expectUnsupported, lineOf, type Matrix } from '../support/a-cfa-everywhere.js';
import { morning } from '../support/norm-journey.js';
import { controlOf } from '../support/norm-client.js';
import { control, startProduct, type Asked, type Product } from '../support/product.js';

/** What the sandbox says of one route of an OPCO. */
interface SandboxRoute {
  readonly route: string;
  readonly capability: EndpointName;
  readonly dormant: boolean;
}

/** Three numbers, of which the OPCO knows two. */
interface Numeros {
  readonly premier: string;
  readonly dernier: string;
}

/** Each read of the public door: its path, and what a true answer holds. */
const reads: readonly {
  readonly endpoint: EndpointName;
  readonly path: (numeros: Numeros) => string;
  readonly holds: (body: Asked['body'], numeros: Numeros) => void;
}[] = [
  {
    endpoint: 'status',
    path: () => '/status',
    holds: (body) => expect(body).toMatchObject({ status: 'healthy', observed: { breaker: 'closed', drift: [] } }),
  },
  {
    endpoint: 'cfakeyinfo',
    path: () => '/cfakeyinfo?siren=130025265',
    holds: (body) => expect(body).toEqual({ status: 'success', dateFinValidite: '2099-12-31', comment: null }),
  },
  {
    endpoint: 'dossier',
    path: ({ premier }) => `/dossiers?numeroInterne=${premier}`,
    holds: holdsDossier,
  },
  {
    endpoint: 'dossier',
    path: ({ premier }) => `/dossiers/${premier}`,
    holds: holdsDossier,
  },
  {
    endpoint: 'etats',
    path: () => '/dossiers/etats?page=2&limit=2',
    holds: (body, { dernier }) => {
      expect(body).toMatchObject({ page: 2, limit: 2, total: 3 });
      expect(body.data).toEqual([expect.objectContaining({ numeroInterne: dernier, etat: 'RUPTURE' })]);
    },
  },
  {
    endpoint: 'liste',
    path: ({ premier, dernier }) => `/dossiers/liste?numerosInternes=${premier},INCONNU,${dernier}`,
    holds: (body, { premier, dernier }) => {
      expect(body.data.map(({ cerfa }: Asked['body']) => cerfa.numeroInterne)).toEqual([premier, dernier]);
      expect(body.introuvables).toEqual(['INCONNU']);
    },
  },
  {
    endpoint: 'facturesEtats',
    path: () => '/factures/etats?limit=10',
    holds: (body) => expect(body).toEqual({ data: [], page: 1, limit: 10, total: 0 }),
  },
];

const deposits: Readonly<Record<string, EndpointName>> = {
  '/dossiers': 'depositDossier',
  '/conventions': 'depositConvention',
  '/factures': 'depositFacture',
  '/certificats': 'depositCertificat',
  '/documents': 'depositDocument',
  '/dossiers/rupture': 'depositRupture',
};

/** Dates are days, whatever the OPCO's hour and zone; its spellings are the norm's; an engaged dossier has its schedule. */
function holdsDossier(body: Asked['body'], { premier }: Numeros): void {
  expect(body.cerfa).toMatchObject({ numeroInterne: premier, etat: 'ENGAGE' });
  expect(body.cerfa.employeur.siret).toBe('11000001500013');
  expect(body.cerfa.apprenti.sexe).toBe('F');
  expect(body.cerfa.contrat.dateDebutContrat).toBe('2026-09-01');
  expect(body.echeances[0]).toMatchObject({ numero: 1, dateOuverture: '2026-09-01' });
  expect(JSON.stringify(body)).not.toMatch(/T\d\d:\d\d|employeurV2/);
}

let product: Product;
let cfa: CfaEverywhere;
let matrix: Matrix;
const numeros = new Map<OpcoId, Numeros>();

beforeAll(async () => {
  // What the poller reads might drift as well.
  product = await startProduct({ OPCOVIA_ROLES: 'api,worker,hub' });
  await controlOf(product.sandbox, 'clock', { set: morning });
  cfa = await CfaEverywhere.of(product, 'CFA de partout');
  matrix = await cfa.matrix();
  for (const opcoId of opcoIds) {
    const { premier, dernier } = await cfa.seed(opcoId, 3);
    await cfa.put(opcoId, premier, 'ENGAGE');
    await cfa.put(opcoId, dernier, 'RUPTURE');
    numeros.set(opcoId, { premier, dernier });
  }
});
afterAll(() => product.stop());

const numerosOf = (opcoId: OpcoId): Numeros => numeros.get(opcoId) ?? { premier: '', dernier: '' };
const supported = (opcoId: OpcoId, endpoint: EndpointName) => lineOf(matrix, opcoId, endpoint).state === 'supported';

describe.each(opcoIds)('%s', (opcoId) => {
  it('offers what the independent table of the sandbox says, alone as in the whole matrix', async () => {
    const alone = await cfa.ask('GET', `/${opcoId}/capabilities`);
    expect(alone.body.capabilities).toEqual(matrix.get(opcoId));
    const routes = ((await controlOf(product.sandbox, 'capabilities')) as Record<string, SandboxRoute[]>)[opcoId] ?? [];
    const lines = (matrix.get(opcoId) ?? []).map(({ endpoint, state, norm }) => [endpoint, state, norm ?? null]);
    expect(lines).toEqual(
      [...new Set((matrix.get(opcoId) ?? []).map(({ endpoint }) => endpoint))].flatMap((endpoint) =>
        linesOf(routes, endpoint),
      ),
    );
  });

  it('answers every read that it offers, and says of the others why not', async () => {
    for (const { endpoint, path, holds } of reads) {
      const answer = await cfa.fresh(`/${opcoId}${path(numerosOf(opcoId))}`);
      if (!supported(opcoId, endpoint)) {
        expectUnsupported(answer, lineOf(matrix, opcoId, endpoint));
        continue;
      }
      expect([endpoint, answer.status]).toEqual([endpoint, 200]);
      holds(answer.body, numerosOf(opcoId));
    }
    if (supported(opcoId, 'dossier')) {
      const spellings = reads.filter(({ endpoint }) => endpoint === 'dossier');
      for (const { path } of spellings) {
        const again = await cfa.ask('GET', `/${opcoId}${path(numerosOf(opcoId))}`);
        expect(again.headers.get('cache-status')).toContain('hit');
      }
    }
  });

  it('does not know a number that it never gave, in either spelling', async () => {
    for (const path of ['/dossiers?numeroInterne=INCONNU', '/dossiers/INCONNU']) {
      const answer = await cfa.ask('GET', `/${opcoId}${path}`);
      if (!supported(opcoId, 'dossier')) {
        expectUnsupported(answer, lineOf(matrix, opcoId, 'dossier'));
        continue;
      }
      expect([answer.status, answer.body.code]).toEqual([404, 'NOT_FOUND']);
      expect(answer.body.upstream.status).toBe(dialects[opcoId].unknownNumberStatus);
      expect(JSON.stringify(answer.body.errors ?? [])).not.toContain('INCONNU');
    }
  });

  it("hands on a refusal with the OPCO's code and words, cleaned, and logs none of them", async () => {
    const text = `Refus de ${opcoId}\u0007\u202e: dossier fermé.`;
    for (const { endpoint, path } of reads.filter((each) => supported(opcoId, each.endpoint))) {
      const body = dialects[opcoId].error({ status: 422, code: 'FERME', text, route: endpoint });
      await control(product.sandbox, '/_sandbox/faults', {
        ...{ opcoId, method: 'GET', path: '/v*', times: 1 },
        ...{ kind: 'status', status: 422, body },
      });
      const { status, body: problem } = await cfa.fresh(`/${opcoId}${path(numerosOf(opcoId))}`);
      expect([endpoint, status, problem.code]).toEqual([endpoint, 422, 'UPSTREAM_REJECTED']);
      const coded = JSON.stringify(body).includes('FERME');
      expect(problem.upstream).toEqual({
        ...{ opcoId, status: 422, message: `Refus de ${opcoId} : dossier fermé.` },
        ...(coded && { code: 'FERME' }),
      });
    }
    expect(product.logged()).not.toContain(`Refus de ${opcoId}`);
  });

  it('is not sent what it does not offer, nor what nobody has vouched for', async () => {
    for (const [path, endpoint] of Object.entries(deposits)) {
      const line = lineOf(matrix, opcoId, endpoint);
      if (line.state === 'supported') continue;
      expectUnsupported(await cfa.ask('POST', `/${opcoId}${path}`, { body: {} }), line);
    }
    const sent = product.sandbox.world.ledger.read({ opcoId }).map(({ method, path }) => `${method} ${path}`);
    const lacking = sent.filter((each) => !/oauth/.test(each)).map((each) => each.replace(`/${opcoId}`, ''));
    expect(lacking.filter((each) => !dialects[opcoId].routes.has(each))).toEqual([]);
  });
});

/** How the matrix must read, by the sandbox's own table. Certificates fall back to documents; states are not tried in V2 alone. */
function linesOf(routes: readonly SandboxRoute[], endpoint: EndpointName): unknown[] {
  const own = routes.filter(({ capability }) => capability === endpoint);
  if (endpoint === 'depositCertificat' && own.length === 0)
    return linesOf(routes, 'depositDocument').map((line) => [endpoint, ...(line as unknown[]).slice(1)]);
  const version = ({ route }: SandboxRoute) => (route.includes(' /v2/') ? 'v2' : 'v1');
  const open = own.filter(({ dormant }) => !dormant).map(version);
  if (own.length === 0) return [[endpoint, 'absent', null]];
  if (open.length === 0) return [[endpoint, 'unknown', own.map(version).sort().at(-1)]];
  const tried = own.some(({ dormant }) => dormant);
  return [[endpoint, 'supported', open.sort().at(-1)], ...(tried ? [[endpoint, 'test', 'v2']] : [])];
}
