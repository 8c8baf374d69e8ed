import Type, { type Static } from 'typebox';
import { base64 } from './scalars.js';

/** Name -> base64: at least one file, and at most so many. */
export const fichiers = (most: number) =>
  Type.Record(
    Type.String({ pattern: '^[^\\p{Cc}\\p{Cs}/\\\\"]{1,120}$' }),
    base64(10 * 1024 * 1024, 'Contenu en base64 (RFC 4648), sans retour à la ligne ; au plus 10 Mio décodé'),
    { minProperties: 1, maxProperties: most, additionalProperties: false },
  );

/** Exactly one file, since each call of the norm carries one. */
export const Fichiers = Object.assign(fichiers(1), {
  $id: 'Fichiers',
  description: 'Un fichier : son nom, puis son contenu en base64 (pdf, jpg, png, xls, xlsx ou csv)',
});
export type Fichiers = Static<typeof Fichiers>;

/** A one-page PDF that says nothing, in base64: enough for examples that really pass. */
export const emptyPdf =
  'JVBERi0xLjQKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwIFI+PgplbmRvYmoKMiAwIG9iago8PC9UeXBlL1BhZ2VzL0tpZHNbXS9Db3VudCAwPj4KZW5kb2JqCnRyYWlsZXIKPDwvUm9vdCAxIDAgUj4+CiUlRU9GCg==';
