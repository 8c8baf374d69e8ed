import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { ensureDemoTenant } from '../../src/dev/demo-tenant.js';
import { makeApiKey } from '../../src/tenancy/api-key.js';
import { type ClientFolder, generateClient, programOf } from '../support/generated-client.js';
import { startProduct, type Product } from '../support/product.js';

const typed = "import type { components, paths } from './opcovia.js';";
const client = `import createClient from 'openapi-fetch';
${typed}
export type Schemas = components['schemas'];
const { GET, POST } = createClient<paths>({ baseUrl: '' });
const akto = { opcoId: 'akto' } as const;`;

/** Programs with one fault each, and what TypeScript calls it. */
const faulty: Readonly<Record<string, readonly [program: string, code: string]>> = {
  'an-unknown-field.ts': [
    `${client}
export const body: Schemas['RuptureDeposit'] = { numeroInterne: '1', dateRupture: '2027-03-01', motifs: 'x' };
void [GET, POST, akto];`,
    'TS2561',
  ],
  'an-unknown-field-inside.ts': [
    `${client}
import { cerfa } from './cerfa.js';
export const body: Schemas['DossierDeposit'] = { cerfa: { ...cerfa, formation: { ...cerfa.formation, rnpc: 'x' } } };
void [GET, POST, akto];`,
    'TS2353',
  ],
  'a-missing-field.ts': [
    `${client}
export const it = POST('/{opcoId}/dossiers/rupture', { params: { path: akto }, body: { numeroInterne: '1' } });
void GET;`,
    'TS2322',
  ],
  'an-unknown-route.ts': [
    `${client}
export const it = GET('/{opcoId}/dossier', { params: { path: akto } });
void POST;`,
    'TS2345',
  ],
  'an-unknown-opco.ts': [
    `${client}
export const it = GET('/{opcoId}/status', { params: { path: { opcoId: 'opco' } } });
void [POST, akto];`,
    'TS2322',
  ],
  'a-field-that-no-answer-has.ts': [
    `${client}
export const it = GET('/{opcoId}/status', { params: { path: akto } }).then(({ data }) => data?.statut);
void POST;`,
    'TS2551',
  ],
  'a-code-that-no-error-has.ts': [
    `${typed}
export const it = (problem: components['schemas']['Problem']): boolean => problem.code === 'BROKEN';
export type Paths = paths;`,
    'TS2367',
  ],
};

describe('a client that openapi-typescript generates from the served document', () => {
  let product: Product;
  let folder: ClientFolder;
  let faults: Readonly<Record<string, readonly string[]>>;

  beforeAll(async () => {
    product = await startProduct();
    const { text } = await product.ask(undefined, 'GET', '/doc');
    folder = await generateClient(text, {
      'cerfa.ts': `${typed}
export const cerfa: components['schemas']['Cerfa'] = ${JSON.stringify(exampleCerfa())};
export type Paths = paths;`,
      'client.ts': programOf('docs/client.md'),
      ...Object.fromEntries(Object.entries(faulty).map(([name, [program]]) => [name, program])),
    });
    faults = await folder.compile();
  });

  afterAll(async () => {
    folder.remove();
    await product.stop();
  });

  it('compiles, with the program of the page for integrators and a full contract, under strict rules', () => {
    expect(['opcovia.ts', 'cerfa.ts', 'client.ts'].filter((name) => faults[name])).toEqual([]);
  });

  it('refuses to compile what the product would refuse', () => {
    expect(faults).toEqual(Object.fromEntries(Object.entries(faulty).map(([name, [, code]]) => [name, [code]])));
  });

  it('deposits a contract, follows its job, reads it, pages through the states and reads an error', async () => {
    const apiKey = makeApiKey('test');
    await ensureDemoTenant(product.opcovia.api, { apiKey, sandboxUrl: product.sandbox.url, dossiers: 3 });
    const { code, printed } = await folder.run('client.js', {
      OPCOVIA_URL: product.opcovia.apiUrl ?? '',
      OPCOVIA_KEY: apiKey,
    });
    expect(printed.trim().split('\n')).toEqual([
      'même clé, même job : true',
      'job : completed, applied',
      'dossier : true, TRANSMIS',
      'dossiers : 4',
      'erreur : 404 NOT_FOUND',
    ]);
    expect(code).toBe(0);
  });
});
