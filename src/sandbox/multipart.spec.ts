import { partsOf } from './multipart.js';

const type = 'multipart/form-data; boundary=b';
const form = (...parts: readonly string[]) =>
  Buffer.from(`${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`, 'latin1');
const field = 'Content-Disposition: form-data; name="infos"\r\n\r\n{"a":1}';
const file = (content: string) =>
  `content-type: application/pdf\r\ncontent-disposition: form-data; name=fichier; filename="a%22b.pdf"\r\n\r\n${content}`;

describe('a multipart body', () => {
  it('gives its parts to the byte, whatever is inside', () => {
    const content = '%PDF\r\n\r\n--\r\n--c\r\n\0\xff\r\n';
    expect(partsOf(form(field, file(content)), type)).toEqual([
      { name: 'infos', content: Buffer.from('{"a":1}') },
      { name: 'fichier', filename: 'a"b.pdf', content: Buffer.from(content, 'latin1') },
    ]);
  });

  it('is what the platform writes', async () => {
    const written = new FormData();
    written.append('infos', new Blob(['{}'], { type: 'application/json' }));
    written.append('fichier', new Blob(['%PDF']), 'é.pdf');
    const response = new Response(written);
    const read = partsOf(Buffer.from(await response.arrayBuffer()), response.headers.get('content-type') ?? '');
    expect(read?.map(({ name, filename }) => [name, filename])).toEqual([
      ['infos', 'blob'],
      ['fichier', 'é.pdf'],
    ]);
  });

  it.each([
    ['no boundary', form(field), 'multipart/form-data'],
    ['another type', form(field), 'application/json; boundary=b'],
    ['another boundary', form(field), 'multipart/form-data; boundary=c'],
    ['no end', form(field).subarray(0, -5), type],
    ['a part without a name', form('content-disposition: form-data\r\n\r\nx'), type],
    ['a part without a head', form('x'), type],
    ['nothing', Buffer.alloc(0), type],
  ])('is refused with %s', (_, body, contentType) => expect(partsOf(body, contentType)).toBeUndefined());
});
