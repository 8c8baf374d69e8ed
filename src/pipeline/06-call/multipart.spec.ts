import { encodeBody } from './multipart.js';

const content = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x0d, 0x0a, 0x00, 0xff]);
const encoded = (name: string) =>
  encodeBody({
    kind: 'multipart',
    json: { part: 'facture', value: { numero: 'F-1' } },
    file: { part: 'fichier', name, mediaType: 'application/pdf', content },
  });

describe('a multipart body', () => {
  it('is read back by a standard parser, byte for byte', async () => {
    const body = encoded('facture été.pdf');
    const headers = { 'content-type': body?.contentType ?? '' };
    const form = await new Response(new Uint8Array(body?.bytes ?? []), { headers }).formData();
    const json = form.get('facture');
    expect(typeof json === 'string' ? json : await json?.text()).toBe('{"numero":"F-1"}');
    const file = form.get('fichier') as File;
    expect([file.name, file.type]).toEqual(['facture été.pdf', 'application/pdf']);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(content);
  });

  it('lets no file name add a header or a part', () => {
    const text = encoded('a"; x="\r\nX-Evil: 1\r\n\r\n.pdf')?.bytes.toString('latin1') ?? '';
    expect(text).not.toMatch(/^X-Evil/m);
    expect(text).toContain('filename="a%22; x=%22%0D%0AX-Evil: 1%0D%0A%0D%0A.pdf"');
  });

  it('draws a boundary of its own for each body', () => {
    expect(encoded('a')?.contentType).not.toBe(encoded('a')?.contentType);
  });
});
