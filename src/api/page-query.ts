import Type, { type Static } from 'typebox';

/** `cursor` and `limit`: how every list of our own is paged. */
export const pageFields = {
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: '`nextCursor` de la page précédente' }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Lignes par page' }),
};

/** The query of a list without filters. */
export const PageQuery = Type.Object(pageFields, { additionalProperties: false });
export type PageQuery = Static<typeof PageQuery>;
