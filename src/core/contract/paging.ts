import Type, { type Static } from 'typebox';
import { Etat } from './etats.js';

/** Query of the `etats` routes (product.md 2.1). */
export const EtatsQuery = Type.Object(
  {
    page: Type.Integer({ minimum: 1, maximum: 100_000, default: 1, description: 'Page, à partir de 1', examples: [1] }),
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Lignes par page', examples: [50] }),
  },
  { additionalProperties: false },
);
export type EtatsQuery = Static<typeof EtatsQuery>;

/** Answer of `GET /:opcoId/dossiers/etats`: one shape for V1 arrays and V2 pages. `total` is null where the OPCO does not say. */
export const EtatsPage = Type.Object(
  {
    data: Type.Array(Etat),
    page: Type.Integer({ minimum: 1 }),
    limit: Type.Integer({ minimum: 1 }),
    total: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  },
  { $id: 'EtatsPage' },
);
export type EtatsPage = Static<typeof EtatsPage>;
