import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { exampleCertificat } from '../../src/core/contract/certificat.js';
import { exampleComplet } from '../../src/core/contract/complet.js';
import { exampleConvention } from '../../src/core/contract/convention.js';
import { exampleDocument } from '../../src/core/contract/document.js';
import { exampleFacture } from '../../src/core/contract/facture.js';
import { exampleRupture } from '../../src/core/contract/rupture.js';
import { formOf, jsonOf, kept, sendForm, type FormPart } from '../support/a-form.js';
import { startProduct, type Product } from '../support/product.js';
import { routeTable } from '../support/route-table.js';
import { traces } from '../support/untouched.js';

type Body = Readonly<Record<string, unknown>>;
const error = (pointer: string, code: string) => ({ pointer, code, message: expect.any(String), severity: 'error' });
const warning = (pointer: string, code: string) => ({ ...error(pointer, code), severity: 'warning' });
const refused = (...findings: object[]) => ({ valid: false, findings });
const doubted = (...findings: object[]) => ({ valid: true, findings });
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');
const jpg = base64('\xff\xd8\xff\xe0picture');
const program = base64('MZ\x90\0program');
const cerfa = exampleCerfa();
const facture = exampleFacture();
const convention = exampleConvention();
const certificat = exampleCertificat();
const foul = '13002526500014';

const examples: Readonly<Record<string, Body>> = {
  dossiers: { cerfa },
  'dossiers/complet': exampleComplet(),
  'dossiers/rupture': exampleRupture(),
  conventions: convention,
  factures: facture,
  certificats: certificat,
  documents: exampleDocument(),
};
const changed: readonly [what: string, route: string, body: Body, answer: object][] = [
  [
    'a contract out of shape',
    'dossiers',
    { cerfa: { ...cerfa, employeur: { ...cerfa.employeur, naf: 1 } } },
    refused(error('/cerfa/employeur/naf', 'type')),
  ],
  ['a contract without its contract', 'dossiers', {}, refused(error('/cerfa', 'required'))],
  [
    'a contract against a rule',
    'dossiers',
    { cerfa: { ...cerfa, contrat: { ...cerfa.contrat, dateConclusion: '2019-12-31' } } },
    refused(error('/cerfa/contrat/dateConclusion', 'date_too_old')),
  ],
  [
    'a doubtful contract',
    'dossiers',
    { cerfa: { ...cerfa, employeur: { ...cerfa.employeur, siret: foul } } },
    doubted(warning('/cerfa/employeur/siret', 'siret_key')),
  ],
  [
    'a termination out of shape',
    'dossiers/rupture',
    { ...exampleRupture(), numeroInterne: 1.5 },
    refused(error('/numeroInterne', 'type')),
  ],
  [
    'a convention against a rule',
    'conventions',
    { ...convention, contrat: { dateDebutContrat: '2026-09-01', dateFinContrat: '2026-08-31' } },
    refused(error('/contrat/dateFinContrat', 'date_order')),
  ],
  [
    'a convention of an unusual file',
    'conventions',
    { ...convention, _files: { 'a.csv': base64('a;b\r\n1;2\r\n') } },
    doubted(warning('/_files', 'file_unusual')),
  ],
  [
    'an invoice against two rules',
    'factures',
    { ...facture, montantTotal: 1, ibanEmetteur: 'FR7630006000011234567890188' },
    refused(error('/montantTotal', 'sum'), error('/ibanEmetteur', 'iban_key')),
  ],
  [
    'a doubtful invoice',
    'factures',
    { ...facture, siretEmetteur: foul, _files: { 'a.jpg': jpg } },
    doubted(warning('/siretEmetteur', 'siret_key'), warning('/_files', 'file_unusual')),
  ],
  [
    'a doubtful certificate',
    'certificats',
    { ...certificat, employeur: { ...certificat.employeur, siret: foul } },
    doubted(warning('/employeur/siret', 'siret_key')),
  ],
  [
    'a document that is a program',
    'documents',
    { ...exampleDocument(), _files: { 'a.pdf': program } },
    refused(error('/_files/a.pdf', 'file_type')),
  ],
  [
    'a document without its file',
    'documents',
    { typeFichier: 'convention', objets: exampleDocument().objets },
    refused(error('/_files', 'required')),
  ],
];

describe('a dry run', () => {
  let product: Product;
  let key: string;
  let url: string;
  let before: unknown;
  const state = async () => [await kept(product), await traces(product)];

  beforeAll(async () => {
    product = await startProduct({ OPCOVIA_FILES_HELD_KIB: '0' });
    key = await product.newTenant('CFA dry');
    url = product.opcovia.apiUrl ?? '';
    before = await state();
  });
  afterAll(() => product.stop());

  const asJson = (route: string, body: Body | string, query = 'dryRun=true') =>
    product.ask(key, 'POST', `/akto/${route}?${query}`, { body, headers: { 'idempotency-key': 'dry-1' } });
  const partsOf = ({ _files = {}, ...fields }: Body): FormPart[] => [
    { name: 'body', content: JSON.stringify(fields) },
    ...Object.entries(_files as Record<string, string>).map(([name, text]) => ({
      ...{ name, filename: name, content: Buffer.from(text, 'base64') },
    })),
  ];
  const asForm = (route: string, parts: readonly FormPart[], query = 'dryRun=true') =>
    sendForm(url, { path: `/akto/${route}?${query}`, key, form: formOf(parts), extra: 'Idempotency-Key: dry-1\r\n' });
  const judged = async (route: string, body: Body) => {
    const [json, form] = [await asJson(route, body), await asForm(route, partsOf(body))];
    expect([json.status, form.status, form.answers]).toEqual([200, 200, 1]);
    expect(json.headers.get('location')).toBeNull();
    expect(jsonOf(form)).toEqual(json.body);
    return json.body;
  };

  it('is there on every route that takes deposits', () => {
    const app = product.opcovia.api as NestFastifyApplication;
    const deposits = routeTable(app).filter(
      ({ method, path }) => method === 'POST' && /^\/:opcoId\/(?!jobs|sync)/.test(path),
    );
    expect(deposits.map(({ path }) => path.slice('/:opcoId/'.length)).sort()).toEqual(Object.keys(examples).sort());
  });

  describe('stores and sends nothing', () => {
    afterEach(async () => expect(await state()).toEqual(before));

    it.each(Object.keys(examples))('of %s that would be taken finds nothing', async (route) => {
      expect(await judged(route, examples[route] ?? {})).toEqual({ valid: true, findings: [] });
    });

    it.each(changed)('of %s tells what it finds', async (_, route, body, answer) => {
      expect(await judged(route, body)).toEqual(answer);
    });

    it('of many pieces is weighed only', async () => {
      const content = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(5_000_000)]);
      const { _files, ...fields } = exampleDocument();
      expect(Object.keys(_files)).toHaveLength(1);
      expect(await judged('documents', { ...fields, _files: { 'a.pdf': content.toString('base64') } })).toMatchObject({
        valid: true,
      });
    });

    it.each<[string, string, number]>([
      ['{"cerfa":', 'dryRun=true', 400],
      ['{"cerfa":1,"cerfa":2}', 'dryRun=true', 400],
      ['{}', 'dryRun=maybe', 400],
      ['{}', 'dryRun=', 400],
      ['{}', 'dryRun=true&dryRun=true', 400],
      ['{}', 'dryRun=true&a=1', 400],
      ['{}', 'DRYRUN=true', 400],
    ])('of %s asked with %s is %i', async (body, query, status) => {
      const json = await asJson('dossiers', body, query);
      const form = await asForm('dossiers', [{ name: 'body', content: body }], query);
      expect([json.status, form.status, json.body.code, form.problem.code]).toEqual([
        ...[status, status, 'VALIDATION_ERROR', 'VALIDATION_ERROR'],
      ]);
    });

    it.each([
      [501, 'NOT_SUPPORTED', '/opco-ep/dossiers/rupture'],
      [404, 'UNKNOWN_OPCO', '/nobody/dossiers'],
      [404, 'NOT_FOUND', '/akto/nothing'],
    ])('is %i %s at %s', async (status, code, path) => {
      const body = exampleRupture();
      const json = await product.ask(key, 'POST', `${path}?dryRun=true`, { body });
      const form = await sendForm(url, { path: `${path}?dryRun=true`, key, form: formOf(partsOf({ ...body })) });
      expect([json.status, json.body.code, form.status, form.problem.code]).toEqual([status, code, status, code]);
    });

    it('without a key is refused', async () => {
      const answer = await product.ask(undefined, 'POST', '/akto/dossiers?dryRun=true', { body: { cerfa } });
      expect([answer.status, answer.body.code]).toEqual([403, 'HTTP_ERROR']);
    });
  });

  it('leaves its Idempotency-Key to the deposit itself, whose job keeps the warnings', async () => {
    const body: Body = { ...facture, siretEmetteur: foul };
    const { findings } = await judged('factures', body);
    const taken = await asJson('factures', body, 'dryRun=false');
    expect(taken.status).toBe(202);
    expect(await judged('factures', body)).toEqual({ valid: true, findings });
    expect(await kept(product)).toEqual({ files: 1, pieces: 1, jobs: 1, claims: 1 });
    const again = await asForm('factures', partsOf(body), 'dryRun=false');
    expect([again.status, jsonOf(again).jobId]).toEqual([200, taken.body.jobId]);
    const { body: job } = await product.ask(key, 'GET', taken.body.statusUrl);
    expect(job.warnings).toEqual([{ pointer: '/siretEmetteur', code: 'siret_key', message: expect.any(String) }]);
  });
});
