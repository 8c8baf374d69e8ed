import Type, { type Static } from 'typebox';
import { emptyPdf, Fichiers } from './files.js';
import { reference, strict } from './scalars.js';

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

/** The kind of a file, in either spelling. */
export const typeFichier = () =>
  Type.Enum(either(typesFichier), {
    type: 'string',
    description: 'Type de fichier : nos mots ou les codes de la norme',
  });

/** What the file is about: an object at the OPCO. */
export const Objet = Type.Object(
  {
    typeObjet: Type.Enum(either(typesObjet), {
      type: 'string',
      description: "Type d'objet : nos mots ou les codes de la norme",
    }),
    idObjet: reference('numeroInterne ou numeroInterneFacture'),
  },
  { ...strict, $id: 'Objet', description: "Objet de l'OPCO auquel le fichier est lié" },
);
export type Objet = Static<typeof Objet>;

const fields = {
  typeFichier: typeFichier(),
  objets: Type.Array(Objet, { minItems: 1, maxItems: 100, description: 'Objets liés, au moins un' }),
};

/** A document without its file, as it travels beside it. */
export const DocumentFields = Type.Object(fields, { ...strict, $id: 'DocumentFields' });
export type DocumentFields = Static<typeof DocumentFields>;

/**
 * Body of `POST /:opcoId/documents` (norm.md 1.7). The norm's page does not demand `_files`; we do, since a document
 * without its file would be an upstream call that carries nothing.
 */
export const DocumentDeposit = Type.Object(
  { ...fields, _files: Fichiers },
  { ...strict, $id: 'DocumentDeposit', description: "Dépôt d'un document" },
);
export type DocumentDeposit = Static<typeof DocumentDeposit>;

/** What an OPCO gives back for a document; some give no number. */
export const DepositDocumentResult = Type.Object(
  { numeroInterneDocument: Type.Optional(Type.String({ maxLength: 100 })) },
  { $id: 'DepositDocumentResult' },
);
export type DepositDocumentResult = Static<typeof DepositDocumentResult>;

/** A document that holds, linked to the dossier of that number. */
export function exampleDocument(idObjet = 'INT-0001'): DocumentDeposit {
  return {
    typeFichier: 'convention',
    objets: [{ typeObjet: 'dossier', idObjet }],
    _files: { 'convention.pdf': emptyPdf },
  };
}
