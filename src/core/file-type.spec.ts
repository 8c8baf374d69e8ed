import { decidingBytes, extensionOf, fileTypeOf } from './file-type.js';

it.each([
  ['%PDF-1.7', 'pdf'],
  ['\x89PNG\r\n\x1a\n', 'png'],
  ['\xff\xd8\xff\xe0', 'jpg'],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'xls'],
  ['PK\x03\x04', 'xlsx'],
  ['nom;prenom\nx;y', 'csv'],
])('%j is told to be %s by its content', (bytes, extension) => {
  const type = fileTypeOf(Buffer.from(bytes, 'latin1'));
  expect([type?.extension, extensionOf(type?.mediaType)]).toEqual([extension, extension]);
});

it('a program, an empty file and plain prose are none of them', () => {
  for (const bytes of ['MZ\x90\x00', '', 'un texte']) expect(fileTypeOf(Buffer.from(bytes, 'latin1'))).toBeUndefined();
  expect(extensionOf(undefined)).toBe('bin');
});

it('a character cut at the end of what decides is no fault of a CSV file', () => {
  const head = Buffer.from(`a;b\n${'é'.repeat(decidingBytes)}`).subarray(0, decidingBytes);
  expect(fileTypeOf(head)?.extension).toBe('csv');
});
