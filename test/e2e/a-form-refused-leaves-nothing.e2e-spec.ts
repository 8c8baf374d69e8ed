import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { exampleDocument } from '../../src/core/contract/document.js';
import { boundary, formHead, formOf, kept, sendForm, type FormPart } from '../support/a-form.js';
import { eventually, startProduct, type Product } from '../support/product.js';
import { open, readToEnd, sendRaw } from '../support/raw-http.js';
import { traces } from '../support/untouched.js';

const path = '/opco-ep/documents';
const mebibyte = 1024 * 1024;
const { _files, ...fields } = exampleDocument();
const body: FormPart = { name: 'body', content: JSON.stringify(fields) };
const file: FormPart = { name: 'a.pdf', content: `%PDF-1.7\n${'x'.repeat(300_000)}`, filename: 'a.pdf' };
const bodyOf = (content: string | Buffer): FormPart[] => [file, { name: 'body', content }];
const headed = (head: string): FormPart[] => [body, { ...file, head }];
const disposition = 'Content-Disposition: form-data; name="a.pdf"';

describe('a refused form', () => {
  let product: Product;
  let key: string;
  let url: string;
  let before: Awaited<ReturnType<typeof traces>>;

  beforeAll(async () => {
    product = await startProduct({ OPCOVIA_UPLOAD_GRACE_SECONDS: '1', OPCOVIA_FILES_HELD_KIB: '0' });
    key = await product.newTenant('CFA refused');
    url = product.opcovia.apiUrl ?? '';
    before = await traces(product);
  });

  afterEach(async () => {
    // What was stored goes right behind the answer.
    await eventually(
      () => kept(product),
      (rows) => rows?.files === 0,
      10_000,
    );
    expect(await kept(product)).toEqual({ files: 0, pieces: 0, jobs: 0, claims: 0 });
    expect(await traces(product)).toEqual(before);
  });

  afterAll(() => product.stop());

  const send = (parts: readonly FormPart[], to = path) => sendForm(url, { path: to, key, form: formOf(parts) });

  it.each([
    [404, 'UNKNOWN_OPCO', '/nobody/documents'],
    [501, 'NOT_SUPPORTED', '/afdas/dossiers/rupture'],
    [415, 'UNSUPPORTED_MEDIA_TYPE', '/webhooks'],
    [400, 'VALIDATION_ERROR', `${path}?a=1`],
  ])('is %i %s at %s', async (status, code, to) => {
    const answer = await send([body, { ...file, content: `%PDF-${'x'.repeat(1000)}` }], to);
    expect([answer.status, answer.problem.code, answer.answers]).toEqual([status, code, 1]);
  });

  it.each<[number, string, string, FormPart[]]>([
    [400, 'too_many', 'with two files where one is taken', [body, file, { ...file, name: 'b.pdf' }]],
    [400, 'required', 'without a file', [body]],
    [400, 'empty', 'with an empty file', [body, { ...file, content: '' }]],
    [400, 'required', 'without its body', [file]],
    [400, 'required', 'of no part', []],
    [400, 'duplicate', 'with two bodies', [body, file, body]],
    [400, 'duplicate', 'with two files of one name', [file, body, file]],
    [400, 'unknown_field', 'with an unknown field', bodyOf('{"isAdmin":true}')],
    [400, 'unknown_field', 'with _files in its body', bodyOf('{"_files":{"b.pdf":"JVBERi0x"}}')],
    [422, 'file_type', 'with a program called a.pdf', [body, { ...file, content: 'MZ\x90\0' }]],
    [400, 'json', 'with half a body', bodyOf('{"a":')],
    [400, 'json', 'with an empty body', bodyOf('')],
    [400, 'utf8', 'with a body in Latin-1', bodyOf(Buffer.from('{"nom":"Zo\xe9"}', 'latin1'))],
    [400, 'duplicate_key', 'with a key twice in its body', bodyOf('{"a":1,"a":2}')],
    [400, 'forbidden_key', 'with __proto__ in its body', bodyOf('{"__proto__":{"a":1}}')],
    [400, 'too_deep', 'with a body too deep', bodyOf('['.repeat(50_000))],
    [400, 'json', 'with a body in base64', bodyOf(Buffer.from('{}').toString('base64'))],
    [400, 'file_name', 'with a path as name', [body, { ...file, name: '../../etc/passwd' }]],
    [400, 'file_name', 'with a name of 121 characters', [body, { ...file, name: 'x'.repeat(121) }]],
    [400, 'file_name', 'with a quote in its name', headed('Content-Disposition: form-data; name="a\\"; x=\\".pdf"')],
    [400, 'MALFORMED_REQUEST', 'with a line end in a name', [body, { ...file, name: 'a\nX-Evil: 1' }]],
    [400, 'MALFORMED_REQUEST', 'with a part without a name', headed('Content-Disposition: form-data')],
    [400, 'MALFORMED_REQUEST', 'with a part of an empty name', [body, { ...file, name: '' }]],
    [400, 'MALFORMED_REQUEST', 'with a part of two names', headed(`${disposition}; name="b.pdf"`)],
    [400, 'MALFORMED_REQUEST', 'with two dispositions', headed(`${disposition}\r\n${disposition}`)],
    [400, 'MALFORMED_REQUEST', 'with a part that says nothing of itself', headed('Content-Type: application/pdf')],
    [400, 'MALFORMED_REQUEST', 'with an attachment', headed('Content-Disposition: attachment; name="a.pdf"')],
    [400, 'MALFORMED_REQUEST', 'with a folded line', headed('Content-Disposition: form-data;\r\n name="a.pdf"')],
    [400, 'MALFORMED_REQUEST', 'with a bare line feed', headed(`${disposition}\nX: y`)],
    [400, 'MALFORMED_REQUEST', 'with a file in base64', headed(`${disposition}\r\nContent-Transfer-Encoding: base64`)],
    [400, 'MALFORMED_REQUEST', 'with a head of 5 kB', headed(`${disposition}\r\nX: ${'y'.repeat(5000)}`)],
    [
      413,
      'PAYLOAD_TOO_LARGE',
      'of twelve parts',
      [body, ...Array.from({ length: 11 }, (_, n) => ({ ...file, name: `${n}` }))],
    ],
  ])('is %i %s %s', async (status, code, _, parts) => {
    const { problem, ...answer } = await send(parts);
    expect([answer.status, answer.answers]).toEqual([status, 1]);
    expect([problem.code, ...(problem.errors ?? []).map((finding: { code: string }) => finding.code)]).toContain(code);
    expect(answer.text).not.toMatch(/at .*\.(js|ts):/);
  });

  const whole = formOf([body, file]);
  it.each<{ what: string; form: Buffer; type?: string }>([
    { what: 'without a boundary', form: whole, type: 'multipart/form-data' },
    { what: 'with an empty boundary', form: whole, type: 'multipart/form-data; boundary=' },
    { what: 'with two boundaries', form: whole, type: `multipart/form-data; boundary=${boundary}; boundary=b` },
    { what: 'with a boundary of 71 characters', form: whole, type: `multipart/form-data; boundary=${'b'.repeat(71)}` },
    { what: 'with a boundary that ends in a blank', form: whole, type: `multipart/form-data; boundary="${boundary} "` },
    { what: 'with another boundary than its parts', form: whole, type: 'multipart/form-data; boundary=other' },
    { what: 'with something before its first part', form: Buffer.concat([Buffer.from('hello\r\n'), whole]) },
    { what: 'with something behind its end', form: Buffer.concat([whole, Buffer.from(`--${boundary}\r\n`)]) },
    { what: 'with a part behind its end', form: Buffer.concat([whole, whole]) },
    { what: 'without its end', form: formOf([body, file], '') },
    { what: 'that ends in the middle of a head', form: formOf([body, file], `--${boundary}\r\nContent-Disp`) },
    { what: 'whose delimiter is followed by letters', form: formOf([body, file], `--${boundary}xx\r\n`) },
    { what: 'with bare line feeds', form: Buffer.from(formOf([body]).toString().replaceAll('\r\n', '\n')) },
    { what: 'of no byte', form: Buffer.alloc(0) },
  ])('is malformed $what', async ({ form, type }) => {
    const { status, problem, head } = await sendForm(url, { path, key, form, ...(type && { type }) });
    expect([status, problem.code]).toEqual([400, 'MALFORMED_REQUEST']);
    expect(head).toMatch(/^connection: close/im);
  });

  it('takes a boundary of 70 characters', async () => {
    const long = 'b'.repeat(70);
    const form = Buffer.from(formOf([body]).toString().replaceAll(boundary, long));
    const { problem } = await sendForm(url, { path, key, form, type: `multipart/form-data; boundary="${long}"` });
    expect(problem.errors).toMatchObject([{ pointer: '/_files', code: 'required' }]);
  });

  it.each([0.3, 0.9])('whose client leaves after %f of it makes no job', async (share) => {
    const form = formOf([body, file]);
    const socket = open(url);
    const gone = readToEnd(socket);
    socket.write(formHead(path, key, `Content-Length: ${form.length}`));
    socket.write(form.subarray(0, form.length * share));
    if (share > 0.5)
      await eventually(
        () => kept(product),
        (rows) => (rows?.pieces ?? 0) > 0,
      );
    socket.destroy();
    await gone;
  });

  it('whose client leaves before it is told leaves nothing either', async () => {
    const form = formOf([body, { ...file, content: `MZ${'x'.repeat(600_000)}` }]);
    const socket = open(url);
    const gone = readToEnd(socket);
    socket.write(formHead(path, key, `Content-Length: ${form.length}`));
    await new Promise((written) => socket.write(form, written));
    socket.destroy();
    await gone;
  });

  it('that comes drop by drop is cut off', async () => {
    const socket = open(url);
    const answer = readToEnd(socket);
    socket.write(formHead(path, key, 'Content-Length: 400000'));
    socket.write(formOf([body, file]).subarray(0, 900));
    expect((await answer).status).toBe(408);
  });

  /** Sends until the server says stop; gives the answer and how many bytes the server took. */
  const upload = async (head: string, begin: Buffer, bytes: number) => {
    const server = product.opcovia.api.getHttpServer() as Server;
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const socket = open(url);
    const answer = readToEnd(socket);
    socket.write(head);
    socket.write(begin);
    const piece = Buffer.alloc(16_384, 0x20);
    const more = () => {
      while (socket.writable && socket.bytesWritten < bytes)
        if (!socket.write(piece)) return void socket.once('drain', more);
    };
    more();
    return { ...(await answer), taken: (await accepted).bytesRead };
  };
  const opening = formOf([body, { ...file, content: '%PDF' }], '').subarray(0, -2);

  it('with a file of a byte more than 10 MiB is 413', async () => {
    const content = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(10 * mebibyte - 8)]);
    const { status, problem } = await send([body, { ...file, content }]);
    expect([status, problem.detail]).toEqual([413, 'Au plus 10 Mio par fichier.']);
  });

  it('with a much too large file is cut where it is too much', async () => {
    const announced = `Content-Length: ${24 * mebibyte}`;
    const { status, answers, taken } = await upload(formHead(path, key, announced), opening, 23 * mebibyte);
    expect([status, answers]).toEqual([413, 1]);
    expect(taken).toBeLessThan(11 * mebibyte + 300_000);
  });

  it('that is too large is told before it is read', async () => {
    const head = formHead(path, key, `Content-Length: ${25 * mebibyte + 1}`);
    const { status, taken } = await upload(head, opening, 25 * mebibyte);
    expect(status).toBe(413);
    expect(taken).toBeLessThan(mebibyte);
  });

  it('in chunks that are too much is cut', async () => {
    const chunk = Buffer.concat([Buffer.from('200000\r\n'), Buffer.alloc(0x200000, 0x20), Buffer.from('\r\n')]);
    const parts = Array.from({ length: 4 }, (_, n) =>
      formOf([{ ...file, name: `${n}`, content: Buffer.alloc(9 * mebibyte) }], ''),
    );
    const form = Buffer.concat(parts);
    const bytes = Buffer.concat([Buffer.from(`${form.length.toString(16)}\r\n`), form, chunk]);
    const { status, problem } = await sendRaw(
      url,
      Buffer.concat([Buffer.from(formHead(path, key, 'Transfer-Encoding: chunked')), bytes]),
    );
    expect([status, problem.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });
});
