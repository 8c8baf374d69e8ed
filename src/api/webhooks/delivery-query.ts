import Type, { type Static } from 'typebox';
import { pageFields } from '../page-query.js';

/** The query of `GET /webhooks/:id/deliveries`. */
export const DeliveryQuery = Type.Object(
  {
    status: Type.Optional(
      Type.Enum(['pending', 'delivered', 'failed', 'cancelled'], {
        type: 'string',
        description: 'Ce que sont devenus les envois ; failed : ceux qui ont échoué pour de bon',
      }),
    ),
    ...pageFields,
  },
  { additionalProperties: false },
);
export type DeliveryQuery = Static<typeof DeliveryQuery>;
