import Type, { type Static } from 'typebox';
import { OpcoIdSchema } from './opco-id.js';
import { nullable, strict } from './scalars.js';
import { EventTypeSchema, webhookViewFields } from './webhook.js';

const instant = (description: string, example = '2026-01-02T03:04:05.000Z') =>
  Type.String({ format: 'date-time', maxLength: 40, description, examples: [example] });

/** Answer of `POST /webhooks/:id/rotate-secret`: the only time that the new secret is shown. */
export const WebhookRotated = Type.Object(
  {
    ...webhookViewFields(),
    secret: Type.String({
      description: 'Nouveau secret de signature ; affiché une seule fois',
      examples: ['whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='],
    }),
    previousUntil: nullable(instant('Jusque-là, l’ancien secret signe aussi')),
  },
  { $id: 'WebhookRotated' },
);
export type WebhookRotated = Static<typeof WebhookRotated>;

/** Body of `POST /webhooks/:id/recover`: events that happened in the time given. */
export const WebhookRecovery = Type.Object(
  {
    since: instant('Événements survenus à partir de cet instant'),
    until: Type.Optional(instant('Et avant celui-ci ; maintenant si absent', '2026-01-03T03:04:05.000Z')),
    events: Type.Optional(
      Type.Array(EventTypeSchema, {
        minItems: 1,
        maxItems: 50,
        uniqueItems: true,
        description: 'Types voulus ; ceux du webhook si absent',
      }),
    ),
    opcoId: Type.Optional(nullable(OpcoIdSchema)),
  },
  { ...strict, $id: 'WebhookRecovery' },
);
export type WebhookRecovery = Static<typeof WebhookRecovery>;

/** Answer of `POST /webhooks/:id/recover`. */
export const WebhookRecovered = Type.Object(
  {
    queued: Type.Integer({ minimum: 0, description: 'Remises mises en file par cet appel' }),
    again: Type.Integer({ minimum: 0, description: 'Dont échouées ou annulées, qui repartent' }),
    missed: Type.Integer({
      minimum: 0,
      description: 'Dont jamais dues à ce webhook, qui partent pour la première fois',
    }),
    remaining: Type.Integer({
      minimum: 0,
      description: 'Ce qui reste à reprendre : tant que ce n’est pas 0, appelez de nouveau avec le même corps',
    }),
    keptSince: instant('Les événements plus anciens ne sont plus gardés et ne peuvent pas être repris'),
  },
  { $id: 'WebhookRecovered' },
);
export type WebhookRecovered = Static<typeof WebhookRecovered>;
