import { fileTypeOf, judgeFiles } from './file-type.js';

it.each([
  ['%PDF-1.7', 'pdf'],
  ['\x89PNG\r\n\x1a\n', 'png'],
  ['\xff\xd8\xff\xe0', 'jpg'],
  ['PK\x03\x04', 'xlsx'],
  ['nom;prenom\nx;y', 'csv'],
])('%j is told to be %s by its content', (bytes, extension) => {
  expect(fileTypeOf(Buffer.from(bytes, 'latin1'))?.extension).toBe(extension);
});

it('a program, an empty file and plain prose are none of them', () => {
  for (const bytes of ['MZ\x90\x00', '', 'un texte']) expect(fileTypeOf(Buffer.from(bytes, 'latin1'))).toBeUndefined();
});

it('names the file whose content is not admitted', () => {
  expect(judgeFiles({ 'a.pdf': Buffer.from('MZ').toString('base64') })).toMatchObject([
    { pointer: '/_files/a.pdf', code: 'file_type' },
  ]);
});
