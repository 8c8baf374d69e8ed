import Type, { type Static } from 'typebox';
import { OpcoIdSchema } from './opco-id.js';
import { strict } from './scalars.js';

/** Body of `PUT /:opcoId/credentials`. */
export const CredentialDraft = Type.Object(
  {
    cle: Type.String({
      minLength: 1,
      maxLength: 512,
      pattern: '^[\\x21-\\x7e]+$',
      description: "Clé du CFA chez l'OPCO (X-API-KEY de la norme), prise dans l'extranet de l'OPCO ; jamais relue",
    }),
  },
  { ...strict, $id: 'CredentialDraft' },
);
export type CredentialDraft = Static<typeof CredentialDraft>;

/** What may be shown of a stored key. */
export const CredentialView = Type.Object(
  {
    opcoId: OpcoIdSchema,
    indice: Type.String({ description: 'Masque, et au plus les quatre derniers caractères' }),
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
  },
  { $id: 'CredentialView' },
);
export type CredentialView = Static<typeof CredentialView>;
