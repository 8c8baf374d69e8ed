import Type, { type Static } from 'typebox';
import { base64, strict } from './scalars.js';

/** Kinds of file: the words of our documentation and the codes of the norm are both accepted. */
export const typesFichier = {
  convention: 'CONVENTION_FORMATION',
  convention_reduction_duree: 'CONVENTION_REDUCTION_DUREE',
  convention_mobilite: 'CONVENTION_MOBILITE',
  facture: 'FACTURE',
  certificat: 'CERTIFICAT_REALISATION',
  cerfa: 'CERFA',
} as const;

/** What a file can be about. */
export const typesObjet = { dossier: 'DOSSIER_APPRENTISSAGE', facture: 'FACTURE' } as const;

const either = <K extends string, V extends string>(words: Readonly<Record<K, V>>) =>
  [...Object.keys(words), ...Object.values(words)] as (K | V)[];

/** What the file is about: an object at the OPCO. */
export const Objet = Type.Object(
  {
    typeObjet: Type.Enum(either(typesObjet), { type: 'string' }),
    idObjet: Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '^[^\\p{Cc}\\p{Cs}]+$',
      description: 'numeroInterne ou numeroInterneFacture',
    }),
  },
  { ...strict, $id: 'Objet' },
);
export type Objet = Static<typeof Objet>;

/** Name -> base64: exactly one file, since the norm's call carries one. */
export const Fichiers = Type.Record(
  Type.String({ pattern: '^[^\\p{Cc}\\p{Cs}/\\\\"]{1,120}$' }),
  base64(10 * 1024 * 1024, 'Contenu en base64 (RFC 4648), sans retour à la ligne ; au plus 10 Mio décodé'),
  { minProperties: 1, maxProperties: 1, additionalProperties: false, $id: 'Fichiers' },
);

/** Body of `POST /:opcoId/documents` (norm.md 1.7). */
export const DocumentDeposit = Type.Object(
  {
    typeFichier: Type.Enum(either(typesFichier), { type: 'string' }),
    objets: Type.Array(Objet, { minItems: 1, maxItems: 100 }),
    _files: Fichiers,
  },
  { ...strict, $id: 'DocumentDeposit' },
);
export type DocumentDeposit = Static<typeof DocumentDeposit>;

/** What an OPCO gives back for a document; some give no number. */
export const DepositDocumentResult = Type.Object(
  { numeroInterneDocument: Type.Optional(Type.String({ maxLength: 100 })) },
  { $id: 'DepositDocumentResult' },
);
export type DepositDocumentResult = Static<typeof DepositDocumentResult>;
