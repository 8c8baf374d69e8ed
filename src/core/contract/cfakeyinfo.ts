import Type, { type Static } from 'typebox';

/** Query of `GET /:opcoId/cfakeyinfo`; the key itself never is a part of it (product.md 2.1). */
export const CfaKeyInfoQuery = Type.Object(
  {
    siren: Type.String({
      pattern: '^[0-9]{9,14}$',
      description: 'SIREN du CFA, neuf chiffres ; un SIRET est accepté',
      examples: ['130025265'],
    }),
  },
  { additionalProperties: false },
);
export type CfaKeyInfoQuery = Static<typeof CfaKeyInfoQuery>;

/** Answer of `GET /:opcoId/cfakeyinfo`: whether the CFA's key holds at the OPCO, and until when (norm.md 1.4). */
export const CfaKeyInfo = Type.Object(
  {
    status: Type.Enum(['success', 'error'], { type: 'string', description: 'La clé est valable, ou non' }),
    dateFinValidite: Type.Union([Type.String({ format: 'date' }), Type.Null()], {
      description: 'Dernier jour de validité ; null quand la clé n’est pas valable',
    }),
    comment: Type.Union([Type.String({ maxLength: 5000 }), Type.Null()], { description: "Commentaire de l'OPCO" }),
  },
  { $id: 'CfaKeyInfo' },
);
export type CfaKeyInfo = Static<typeof CfaKeyInfo>;
