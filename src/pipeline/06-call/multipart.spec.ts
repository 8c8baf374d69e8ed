import { createHash } from 'node:crypto';
import { fileInMemory } from '../../core/deposit-file.js';
import { encodeBody } from './multipart.js';

const content = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x0d, 0x0a, 0x00, 0xff]);
const sha256 = createHash('sha256').update(content).digest('hex');

async function encoded(name: string) {
  const file = fileInMemory({ name, mediaType: 'application/pdf', size: content.length, sha256 }, content);
  const body = encodeBody({
    kind: 'multipart',
    json: { part: 'facture', value: { numero: 'F-1' } },
    file: { part: 'fichier', ...file },
  });
  const chunks: Buffer[] = [];
  for await (const chunk of body?.open() ?? []) chunks.push(Buffer.from(chunk as Buffer));
  return { contentType: body?.contentType ?? '', size: body?.size, bytes: Buffer.concat(chunks) };
}

describe('a multipart body', () => {
  it('is read back by a standard parser, byte for byte, and has the size it announced', async () => {
    const { contentType, size, bytes } = await encoded('facture été.pdf');
    const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } }).formData();
    const json = form.get('facture');
    expect(typeof json === 'string' ? json : await json?.text()).toBe('{"numero":"F-1"}');
    const file = form.get('fichier') as File;
    expect([file.name, file.type]).toEqual(['facture été.pdf', 'application/pdf']);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(content);
    expect(size).toBe(bytes.length);
  });

  it('lets no file name add a header or a part', async () => {
    const text = (await encoded('a"; x="\r\nX-Evil: 1\r\n\r\n.pdf')).bytes.toString('latin1');
    expect(text).not.toMatch(/^X-Evil/m);
    expect(text).toContain('filename="a%22; x=%22%0D%0AX-Evil: 1%0D%0A%0D%0A.pdf"');
  });

  it('draws a boundary of its own for each body', async () => {
    expect((await encoded('a')).contentType).not.toBe((await encoded('a')).contentType);
  });
});
