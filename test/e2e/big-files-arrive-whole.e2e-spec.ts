import { createHash, randomBytes } from 'node:crypto';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { eventually, startProduct, type Product } from '../support/product.js';

const mebibyte = 1024 * 1024;

describe('files of 10 MiB', () => {
  let product: Product;
  let key: string;
  let numeroInterne: string;

  beforeAll(async () => {
    product = await startProduct();
    key = await product.newTenant('CFA big');
    const ticket = await product.ask(key, 'POST', '/opco-ep/dossiers', { body: { cerfa: exampleCerfa() } });
    numeroInterne = (await completed(ticket.body.statusUrl)).result.numeroInterne;
  });

  afterAll(() => product.stop());

  const completed = async (statusUrl: string) => {
    const { body } = await eventually(
      () => product.ask(key, 'GET', statusUrl),
      (answer) => ['completed', 'failed', 'needs_review'].includes(answer.body.status),
      50_000,
    );
    expect(body).toMatchObject({ status: 'completed' });
    return body;
  };
  const aPdf = () => Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(10 * mebibyte - 9)]);
  const deposit = async (file: Buffer): Promise<void> => {
    const body = {
      typeFichier: 'convention',
      objets: [{ typeObjet: 'dossier', idObjet: numeroInterne }],
      _files: { 'convention.pdf': file.toString('base64') },
    };
    const { status, body: ticket } = await product.ask(key, 'POST', '/opco-ep/documents', { body });
    expect(status).toBe(202);
    await completed(ticket.statusUrl);
  };
  const arrived = () =>
    product.sandbox.world.ledger
      .read({ opcoId: 'opco-ep', committed: true })
      .flatMap(({ committed }) => committed?.fichier ?? []);
  const sha256 = (file: Buffer) => createHash('sha256').update(file).digest('hex');

  it('arrive at the OPCO byte for byte, one and eight at a time', async () => {
    const files = Array.from({ length: 9 }, aPdf);
    const [first = Buffer.alloc(0), ...others] = files;
    await deposit(first);
    expect(arrived()).toEqual([sha256(first)]);
    await Promise.all(others.map(deposit));
    expect(arrived().sort()).toEqual(files.map(sha256).sort());
    expect((await product.ask(undefined, 'GET', '/health')).status).toBe(200);
  });

  it('are refused with a byte more, before anything is kept', async () => {
    const _files = { 'a.pdf': Buffer.concat([aPdf(), Buffer.from('x')]).toString('base64') };
    const objets = [{ typeObjet: 'dossier', idObjet: numeroInterne }];
    const answer = await product.ask(key, 'POST', '/opco-ep/documents', {
      body: { typeFichier: 'convention', objets, _files },
    });
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [{ pointer: '/_files/a.pdf', code: 'base64', message: 'Au plus 10485760 octets une fois décodé.' }],
    ]);
    expect(arrived()).toHaveLength(9);
  });
});
