import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { adapterConformance } from '../../test/conformance/adapter.js';
import { deposits } from '../../test/conformance/deposits.js';
import { endpointNames, opcoIds, type EndpointName, type OpcoId } from '../core/endpoint.js';
import { adapterOf, adapters } from './adapters.js';

for (const adapter of adapters) adapterConformance(adapter);

it('lists the eleven OPCOs, each with a folder of its own name', () => {
  const folders = readdirSync(join(__dirname), { withFileTypes: true }).filter(
    (each) => each.isDirectory() && each.name !== 'convergence',
  );
  expect(adapters.map(({ id }) => id).sort()).toEqual(folders.map(({ name }) => name).sort());
  expect(adapters.map(({ id }) => id).sort()).toEqual([...opcoIds].sort());
});

it('knows no adapter for a slug that is none', () => {
  expect(adapterOf('../akto')).toBeUndefined();
  expect(adapterOf('AKTO')).toBeUndefined();
});

/** norm.md 3.4, with product.md 10; a digit is the version in production, `t` one in test, `?` unknown, `-` absent. */
const matrix: Readonly<Record<OpcoId, string>> = {
  //                 status cfakey dossier etats liste factEtats | dossier convention facture certificat document rupture
  afdas: '1 - 1 1 1 - 1 1 1 2 ? -',
  akto: '1 2 2 2 1 2 2 1 1 1 1 2',
  atlas: '1 2 2 2 1 2 2 1 1 1 1 2',
  constructys: '1 - 1 1 1 - 1 1 1 ? ? -',
  opcommerce: '1 2 2 2 1 2 2 1 1 ? ? 2',
  ocapiat: '1 2 2 2 1 2 2 1 1 ? ? 2',
  'opco-2i': '1 - 1 1 1 - 1 1 1 ? ? -',
  'opco-ep': '1 - 1t 1t 1 - 1t 1 1 1 1 -',
  'opco-mobilites': '1 2 2 2 1 2 2 1 1 ? ? 2',
  'opco-sante': '1 - - - - - - - ? ? ? -',
  uniformation: '1 - 1 1 1 - 1 1 - ? ? -',
};

function cell(id: OpcoId, name: EndpointName): string {
  const { state, norm } = adapterOf(id)?.capabilities[name] ?? { state: 'absent' };
  const trial = adapterOf(id)?.trials?.[name] ? 't' : '';
  const known = { supported: norm?.slice(1), test: 't', unknown: '?', absent: '-' };
  return `${known[state]}${trial}`;
}

it.each(opcoIds)('%s offers what the matrix of the norm says', (id) => {
  expect(endpointNames.map((name) => cell(id, name)).join(' ')).toBe(matrix[id]);
});

it('gives a date to what the portal dates', () => {
  expect(adapterOf('afdas')?.capabilities.depositCertificat.since).toBe('2025-10-20');
  expect(adapterOf('constructys')?.capabilities.depositFacture.since).toBe('2022');
});

const requestOf = (id: OpcoId, name: EndpointName) =>
  adapterOf(id)?.endpoints[name]?.toRequest(deposits[name] ?? { query: {} });

it('spells the invoice path with a capital at three OPCOs, and there alone', () => {
  const capital = opcoIds.filter((id) => requestOf(id, 'depositFacture')?.segments.includes('Factures'));
  expect(capital).toEqual(['akto', 'atlas', 'opco-mobilites']);
});

it('looks lost invoices up only where invoice states exist', () => {
  const found = adapters.filter(({ endpoints }) => endpoints.depositFacture?.lookUp).map(({ id }) => id);
  expect(found).toEqual(adapters.filter(({ endpoints }) => endpoints.facturesEtats).map(({ id }) => id));
});

it('sends a certificate to its own route at AFDAS, and as a document everywhere else', () => {
  const routes = new Map(adapters.map(({ id }) => [id, requestOf(id, 'depositCertificat')]));
  expect(routes.get('afdas')).toMatchObject({
    segments: ['v2', 'certificats'],
    body: { json: { part: 'certificat' } },
  });
  routes.delete('afdas');
  for (const request of routes.values()) {
    expect(request).toMatchObject({
      segments: ['v1', 'documents'],
      body: {
        json: {
          part: 'infosFichier',
          value: {
            typeFichier: 'CERTIFICAT_REALISATION',
            objets: [{ typeObjet: 'DOSSIER_APPRENTISSAGE', idObjet: 'INT-0001' }],
          },
        },
      },
    });
  }
});

it('says in the result by which route a certificate went', () => {
  const via = (id: OpcoId) =>
    adapterOf(id)?.endpoints.depositCertificat?.toAnswer(
      { status: 200, headers: {}, body: { numeroInterneDocument: 4 } },
      { query: {} },
    );
  expect(via('afdas')).toEqual({ via: 'certificats', numeroInterneDocument: '4' });
  expect(via('akto')).toEqual({ via: 'documents', numeroInterneDocument: '4' });
});

it('asks each token server for the scope that is known of it', () => {
  const sor = adapters.filter(({ auth }) => auth.scope === 'api.read api.write').map(({ id }) => id);
  expect(sor).toEqual(['akto', 'atlas', 'opco-mobilites']);
  expect(adapters.filter(({ auth }) => auth.dpop).map(({ id }) => id)).toEqual(['afdas']);
});
