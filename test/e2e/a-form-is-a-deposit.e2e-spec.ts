import { createHash, randomBytes } from 'node:crypto';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { exampleDocument } from '../../src/core/contract/document.js';
import { chunked, formHead, formOf, jsonOf, sendForm, type FormPart } from '../support/a-form.js';
import { eventually, startProduct, type Product } from '../support/product.js';
import { open, readToEnd, sendRaw } from '../support/raw-http.js';

const path = '/opco-ep/documents';
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const pdf = (bytes = 300_000) => Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(bytes)]);

describe('a form', () => {
  let product: Product;
  let key: string;
  let url: string;
  let fields: object;

  beforeAll(async () => {
    product = await startProduct();
    key = await product.newTenant('CFA forms');
    url = product.opcovia.apiUrl ?? '';
    const { body } = await product.ask(key, 'POST', '/opco-ep/dossiers', { body: { cerfa: exampleCerfa() } });
    const { _files, ...rest } = exampleDocument((await completed(body.statusUrl)).result.numeroInterne);
    expect(Object.keys(_files)).toHaveLength(1);
    fields = rest;
  });

  afterAll(() => product.stop());

  const completed = async (statusUrl: string) => {
    const { body } = await eventually(
      () => product.ask(key, 'GET', statusUrl),
      (answer) => ['completed', 'failed', 'needs_review'].includes(answer.body.status),
    );
    expect(body).toMatchObject({ status: 'completed' });
    return body;
  };
  const bodyPart = (more: Partial<FormPart> = {}): FormPart => ({
    name: 'body',
    content: JSON.stringify(fields),
    ...more,
  });
  const filePart = (content: Buffer, more: Partial<FormPart> = {}): FormPart => ({
    ...{ name: 'convention.pdf', content, filename: 'x.pdf', type: 'application/pdf' },
    ...more,
  });
  const send = (parts: readonly FormPart[], extra = '') => sendForm(url, { path, key, form: formOf(parts), extra });
  const sendJson = (file: Buffer, headers: Record<string, string> = {}) =>
    product.ask(key, 'POST', path, {
      headers,
      body: { ...fields, _files: { 'convention.pdf': file.toString('base64') } },
    });
  /** What the OPCO kept of every deposit so far: those of earlier tests may arrive in between. */
  const arrived = () =>
    product.sandbox.world.ledger.read({ opcoId: 'opco-ep', committed: true }).map((entry) => entry.committed);

  it.each([
    ['a key', 'same-1'],
    ['no key', undefined],
  ])('and the JSON of the same content are one deposit, with %s', async (_, idempotencyKey) => {
    const file = pdf();
    const extra = idempotencyKey === undefined ? '' : `Idempotency-Key: ${idempotencyKey}\r\n`;
    const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    const first = await send([bodyPart(), filePart(file)], extra);
    expect(first.status).toBe(202);
    const { jobId } = jsonOf(first);
    const json = await sendJson(file, headers);
    expect([json.status, json.body]).toMatchObject([200, { jobId, status: 'duplicate' }]);
    const turned = await send([filePart(file), bodyPart({ filename: 'body.json', type: 'application/json' })], extra);
    expect([turned.status, jsonOf(turned)]).toMatchObject([200, { jobId, status: 'duplicate' }]);
    const other = await send([bodyPart(), filePart(Buffer.concat([file, Buffer.from('x')]))], extra);
    expect(other.status).toBe(idempotencyKey === undefined ? 202 : 422);
  });

  it('after the JSON of the same content is a duplicate too', async () => {
    const file = pdf(10);
    const json = await sendJson(file);
    const form = await send([bodyPart(), filePart(file)]);
    expect([json.status, form.status, jsonOf(form).jobId]).toEqual([202, 200, json.body.jobId]);
  });

  it.each<[string, Buffer]>([
    ['line ends and delimiters', Buffer.from('%PDF-1.7\r\n--a-b0undar-\r\n\r\n--a-b0undar\r\n--\r\n\0\xff', 'latin1')],
    ['a line end at its end', Buffer.concat([pdf(10), Buffer.from('\r\n')])],
    ['exactly one piece', pdf(262_144 - 9)],
    ['two pieces and a byte', pdf(524_288 - 8)],
  ])('brings a file with %s byte for byte', async (_, file) => {
    await completed(jsonOf(await send([bodyPart(), filePart(file)])).statusUrl);
    expect(arrived()).toContainEqual(expect.objectContaining({ fichier: sha256(file), octets: file.length }));
  });

  it.each<[string, Buffer, string]>([
    ['CSV', Buffer.from('numero;montant\r\n1;2,50\r\n'), 'text/csv'],
    ['XLSX', Buffer.concat([Buffer.from('PK\x03\x04'), randomBytes(50)]), 'spreadsheetml.sheet'],
    ['PNG', Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(50)]), 'image/png'],
  ])('tells %s by its content, whatever its name and type say', async (_, file, type) => {
    const named = filePart(file, { name: 'piece.pdf', filename: 'piece.exe', type: 'application/x-msdownload' });
    expect((await send([named, bodyPart()])).status).toBe(202);
    const judged = await send([filePart(Buffer.from('MZ\x90\0program'), { type }), bodyPart()]);
    expect([judged.status, judged.problem.errors]).toMatchObject([422, [{ code: 'file_type' }]]);
  });

  it.each<[string, Partial<FormPart>]>([
    ['plain field', {}],
    ['field with a type', { type: 'application/json; charset=utf-8' }],
    ['file', { filename: 'blob', type: 'application/json' }],
    ['part without quotes', { head: 'content-disposition: FORM-DATA; NAME=body' }],
    [
      'part with lines of its own',
      { head: 'X-Own: 1\r\nContent-Disposition: form-data; name="body"\r\nContent-Length: 9' },
    ],
  ])('takes its body as a %s, last', async (_, more) => {
    expect((await send([filePart(pdf(10)), bodyPart(more)])).status).toBe(202);
  });

  it.each([1, 7, 4096])('in chunks of %i bytes, without a length, is the same form', async (size) => {
    const file = pdf(2000);
    const head = formHead(path, key, 'Transfer-Encoding: chunked');
    const answer = await sendRaw(
      url,
      Buffer.concat([Buffer.from(head), chunked(formOf([bodyPart(), filePart(file)]), size)]),
    );
    expect(answer.status).toBe(202);
    await completed(jsonOf(answer).statusUrl);
    expect(arrived()).toContainEqual(expect.objectContaining({ fichier: sha256(file) }));
  });

  it('that comes slowly is waited for', async () => {
    const form = formOf([bodyPart(), filePart(pdf(5000))]);
    const socket = open(url);
    const answer = readToEnd(socket);
    socket.write(formHead(path, key, `Content-Length: ${form.length}`));
    for (let at = 0; at < form.length; at += 1000) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      socket.write(form.subarray(at, at + 1000));
    }
    expect((await answer).status).toBe(202);
  });

  it('leaves the connection to the next request', async () => {
    const form = formOf([bodyPart(), filePart(pdf(10))]);
    const head = formHead(path, key, `Content-Length: ${form.length}`).replace('Connection: close\r\n', '');
    const next = 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    expect(await sendRaw(url, Buffer.concat([Buffer.from(head), form, Buffer.from(next)]))).toMatchObject({
      status: 202,
      answers: 2,
    });
  });

  it('of what fetch and FormData write is taken', async () => {
    const form = new FormData();
    form.set('body', JSON.stringify(fields));
    form.set('Bulletin de Zoé (1).pdf', new Blob([new Uint8Array(pdf(10))]), 'Zoé.pdf');
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers: { 'x-api-key': key }, body: form });
    expect(answer.status).toBe(202);
  });
});
