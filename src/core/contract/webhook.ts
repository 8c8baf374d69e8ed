import Type, { type Static } from 'typebox';
import { eventTypes } from '../events.js';
import { OpcoIdSchema } from './opco-id.js';
import { nullable, strict } from './scalars.js';

const instant = (description: string) => Type.String({ format: 'date-time', description });
const id = (description: string) => Type.String({ format: 'uuid', description });
const nextCursor = () => nullable(Type.String({ description: 'À rendre dans `cursor` pour la suite ; null à la fin' }));

/** A type of event by its name. */
export const EventTypeSchema = Type.Enum([...eventTypes], {
  type: 'string',
  $id: 'EventType',
  examples: ['dossier.etat_changed'],
});
export type EventTypeSchema = Static<typeof EventTypeSchema>;

const url = () =>
  Type.String({
    minLength: 1,
    maxLength: 2048,
    description: 'Adresse publique en https',
    examples: ['https://cfa.example.org/opcovia'],
  });
const events = () =>
  Type.Array(EventTypeSchema, {
    minItems: 1,
    maxItems: eventTypes.length,
    uniqueItems: true,
    description: "Types d'événements voulus",
  });

const limits = () => ({
  concurrency: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: 'Envois simultanés au plus ; null : la limite du service',
      }),
    ),
  ),
  maxPerSecond: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 1,
        maximum: 100_000,
        description: 'Envois par seconde au plus ; null : aucune limite à lui',
      }),
    ),
  ),
});

/** Body of `POST /webhooks`. */
export const WebhookDraft = Type.Object(
  { url: url(), events: events(), opcoId: Type.Optional(nullable(OpcoIdSchema)), ...limits() },
  { ...strict, $id: 'WebhookDraft' },
);
export type WebhookDraft = Static<typeof WebhookDraft>;

/** Body of `PATCH /webhooks/:id`: what is absent stays; `null` takes a filter or a limit away. */
export const WebhookPatch = Type.Object(
  {
    url: Type.Optional(url()),
    events: Type.Optional(events()),
    opcoId: Type.Optional(nullable(OpcoIdSchema)),
    status: Type.Optional(Type.Enum(['active', 'paused'], { type: 'string' })),
    ...limits(),
  },
  { ...strict, minProperties: 1, $id: 'WebhookPatch' },
);
export type WebhookPatch = Static<typeof WebhookPatch>;

/** What the last attempts say of a webhook. */
export const WebhookHealth = Type.Object(
  {
    consecutiveFailures: Type.Integer({ minimum: 0, description: 'Échecs depuis la dernière remise' }),
    failingSince: nullable(instant('Premier de ces échecs')),
    nextProbeAt: nullable(
      instant('Prochain essai, un seul à la fois, quand les échecs se suivent ; null en temps normal'),
    ),
  },
  { $id: 'WebhookHealth' },
);
export type WebhookHealth = Static<typeof WebhookHealth>;

/** The fields of every view of a webhook. */
export const webhookViewFields = () => ({
  id: id('Identifiant du webhook'),
  url: url(),
  events: events(),
  opcoId: nullable(OpcoIdSchema),
  concurrency: Type.Integer({ minimum: 1, description: 'Envois simultanés au plus' }),
  maxPerSecond: nullable(Type.Integer({ minimum: 1, description: 'Envois par seconde au plus' })),
  status: Type.Enum(['unverified', 'active', 'paused', 'disabled'], {
    type: 'string',
    description: 'unverified : rien n’est envoyé avant `POST /webhooks/{id}/verify`',
  }),
  disabledReason: nullable(
    Type.String({
      description:
        "Pourquoi Opcovia l'a désactivé ; gone : le récepteur a répondu 410 ; failing : que des échecs depuis des jours",
    }),
  ),
  health: WebhookHealth,
  verifiedAt: nullable(instant('Adresse vérifiée')),
  createdAt: instant('Création'),
  updatedAt: instant('Dernière modification'),
});

/** A subscription as its owner reads it: never with its secret. */
export const WebhookView = Type.Object(webhookViewFields(), { $id: 'WebhookView' });
export type WebhookView = Static<typeof WebhookView>;

/** Answer to the creation: the only time that the secret is shown. */
export const WebhookCreated = Type.Object(
  {
    ...webhookViewFields(),
    secret: Type.String({
      description: 'Secret de signature ; affiché une seule fois',
      examples: ['whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='],
    }),
  },
  { $id: 'WebhookCreated' },
);
export type WebhookCreated = Static<typeof WebhookCreated>;

/** Answer of `GET /webhooks`. */
export const WebhookPage = Type.Object(
  { data: Type.Array(WebhookView), nextCursor: nextCursor() },
  { $id: 'WebhookPage' },
);
export type WebhookPage = Static<typeof WebhookPage>;

/** One attempt of a delivery. */
export const WebhookAttempt = Type.Object(
  {
    at: instant("Début de l'essai"),
    status: nullable(Type.Integer({ description: 'Code HTTP du récepteur ; null sans réponse complète à temps' })),
    durationMs: nullable(Type.Integer({ minimum: 0 })),
    reason: nullable(
      Type.Enum(['status', 'gone', 'unreachable'], { type: 'string', description: "Cause de l'échec ; null si remis" }),
    ),
    answer: Type.Optional(
      Type.String({ description: 'Début de la réponse, 1 Ko au plus ; nombres, adresses et jetons y sont masqués' }),
    ),
  },
  { $id: 'WebhookAttempt' },
);
export type WebhookAttempt = Static<typeof WebhookAttempt>;

/** What became of one event at one webhook. */
export const WebhookDelivery = Type.Object(
  {
    id: id('Identifiant de la remise'),
    eventId: id('Identifiant de l’événement, aussi dans `webhook-id`'),
    event: EventTypeSchema,
    opcoId: Type.String({ description: 'Slug de l’OPCO, ou `opcovia`' }),
    sequence: Type.Integer({ minimum: 1 }),
    status: Type.Enum(['pending', 'delivered', 'failed', 'cancelled'], { type: 'string' }),
    attempts: Type.Array(WebhookAttempt),
    nextAttemptAt: nullable(instant('Prochain essai, au plus tôt')),
    createdAt: instant('Mise en file'),
    deliveredAt: nullable(instant('Remise')),
  },
  { $id: 'WebhookDelivery' },
);
export type WebhookDelivery = Static<typeof WebhookDelivery>;

/** Answer of `GET /webhooks/:id/deliveries`, newest first. */
export const WebhookDeliveryPage = Type.Object(
  { data: Type.Array(WebhookDelivery), nextCursor: nextCursor() },
  { $id: 'WebhookDeliveryPage' },
);
export type WebhookDeliveryPage = Static<typeof WebhookDeliveryPage>;

/** Answer of `POST /webhooks/:id/test`: the event that is on its way. */
export const WebhookTest = Type.Object(
  { eventId: id('Identifiant de l’événement `webhook.test`') },
  { $id: 'WebhookTest' },
);
export type WebhookTest = Static<typeof WebhookTest>;

/** An event: the body of a delivery, and a line of `GET /events`. */
export const OpcoviaEvent = Type.Object(
  {
    event: EventTypeSchema,
    opcoId: Type.String({ description: "Slug de l'OPCO ; `opcovia` pour ce qui n'appartient à aucun" }),
    timestamp: instant('Instant du changement'),
    data: Type.Object({}, { additionalProperties: true }),
    id: id("Identifiant de l'événement, le même à chaque essai"),
    sequence: Type.Integer({ minimum: 1, description: 'Numéro sans trou par CFA' }),
  },
  { $id: 'OpcoviaEvent' },
);
export type OpcoviaEvent = Static<typeof OpcoviaEvent>;

/** Answer of `GET /events`; also without `nextCursor`, `after` may be the `sequence` of the last event received. */
export const EventPage = Type.Object(
  {
    data: Type.Array(OpcoviaEvent),
    nextCursor: nextCursor(),
    upTo: Type.Integer({
      minimum: 0,
      description: "Jusqu'à ce numéro, la page ne laisse rien de côté : à rendre dans `after`, même sans événement",
    }),
    missed: Type.Integer({
      minimum: 0,
      description:
        "Événements entre `after` et `upTo`, tous types confondus, qui ont dépassé leur durée de conservation ; 0 d'ordinaire. Au-delà, relisez vos dossiers",
    }),
  },
  { $id: 'EventPage' },
);
export type EventPage = Static<typeof EventPage>;

/** One type of event, as the catalogue shows it. */
export const EventTypeEntry = Type.Object(
  {
    event: EventTypeSchema,
    about: Type.String({ description: 'Quand il vient' }),
    emitted: Type.Boolean({ description: 'Faux : le type est réservé, cette version ne le produit pas encore' }),
    schema: Type.Object({}, { additionalProperties: true, description: "JSON Schema de l'événement entier" }),
    example: OpcoviaEvent,
  },
  { $id: 'EventTypeEntry' },
);

/** Answer of `GET /events/types`: the whole catalogue, in one page. */
export const EventTypePage = Type.Object(
  { data: Type.Array(EventTypeEntry), nextCursor: Type.Null({ description: 'Le catalogue tient en une page' }) },
  { $id: 'EventTypePage' },
);
export type EventTypePage = Static<typeof EventTypePage>;
