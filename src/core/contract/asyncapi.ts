import Type from 'typebox';
import { eventTypes } from '../events.js';
import { eventCatalogue, type PublishedEvent } from './event-catalogue.js';
import { EventPage } from './webhook.js';

type Json = Readonly<Record<string, unknown>>;

const about = `Les événements d'Opcovia, poussés vers vos webhooks ou lus à votre rythme : les mêmes, dans le même ordre par dossier ou par job,
numérotés sans trou par CFA (\`sequence\`). Une même remise peut venir deux fois : \`webhook-id\` la fait reconnaître. De nouveaux champs
peuvent apparaître dans \`data\` ; ignorez ceux que vous ne connaissez pas.`;

/** The header fields of a delivery, as `src/webhooks` writes them. */
const deliveryHeaders = Type.Object({
  'webhook-id': Type.String({ description: "L'`id` de l'événement, le même à chaque essai" }),
  'webhook-timestamp': Type.String({ pattern: '^[0-9]+$', description: "Secondes Unix de l'essai" }),
  'webhook-signature': Type.String({
    description:
      'Standard Webhooks : `v1,<base64>` ; deux, séparées par une espace, 24 h après un changement de secret',
  }),
  'opcovia-signature': Type.String({
    pattern: '^[0-9a-f]{64}$',
    description: 'HMAC-SHA256 hexadécimal des octets du corps, sous le secret tel qu’il a été montré',
  }),
  'opcovia-event': Type.Enum([...eventTypes], { type: 'string', description: "Type de l'événement" }),
});

const feedQuery = Type.Object({
  after: Type.Optional(Type.String({ description: '`sequence` du dernier événement reçu, ou `nextCursor`' })),
  types: Type.Optional(Type.String({ description: 'Types voulus, séparés par des virgules' })),
  opcoId: Type.Optional(Type.String({ description: "Slug de l'OPCO" })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});

const to = (...path: string[]) => ({ $ref: `#/${path.join('/')}` });

/** The AsyncAPI 3.0 document: what Opcovia sends to webhooks, and the feed with the same events. Made from the catalogue alone. */
export function asyncApiDocument(): Json {
  const events = eventCatalogue();
  return {
    asyncapi: '3.0.0',
    info: { title: 'Opcovia : événements', version: '0.1.0', description: about, contact: { name: 'Opcovia' } },
    defaultContentType: 'application/json',
    channels: { webhook: webhookChannel(events), feed: feedChannel },
    operations: { deliver: deliver(events), read },
    components: {
      messages: Object.fromEntries(events.map((each) => [each.event, message(each)])),
      schemas: Object.fromEntries(events.map(({ event, schema }) => [event, schema])),
      securitySchemes: { cle: { type: 'httpApiKey', in: 'header', name: 'X-API-KEY', description: 'La clé du CFA' } },
    },
  };
}

function message({ event, about, example }: PublishedEvent): Json {
  return {
    name: event,
    title: event,
    summary: about,
    contentType: 'application/json',
    headers: written(deliveryHeaders),
    payload: to('components', 'schemas', event),
    examples: [{ name: 'exemple', payload: example }],
  };
}

function webhookChannel(events: readonly PublishedEvent[]): Json {
  return {
    // Each subscription has its own: known only once `POST /webhooks` has said it.
    address: null,
    title: 'Webhook',
    description:
      "`POST` vers l'adresse donnée à `POST /webhooks`, signé ; tout 2xx en moins de dix secondes vaut réception.",
    messages: Object.fromEntries(events.map(({ event }) => [event, to('components', 'messages', event)])),
  };
}

function deliver(events: readonly PublishedEvent[]): Json {
  return {
    action: 'send',
    channel: to('channels', 'webhook'),
    summary: 'Opcovia remet un événement à un webhook qui y est abonné.',
    bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
    messages: events.map(({ event }) => to('channels', 'webhook', 'messages', event)),
  };
}

const feedChannel: Json = {
  address: '/events',
  title: 'Lecture des événements',
  description: 'Les mêmes événements, demandés : rien ne manque entre `after` et le dernier reçu, `missed` à part.',
  messages: {
    question: { title: 'Demande', summary: 'Sans corps', payload: { type: 'null' } },
    page: {
      title: 'EventPage',
      summary: "Des événements dans l'ordre de `sequence`, de chacun le schéma de son type",
      contentType: 'application/json',
      payload: written(EventPage),
    },
  },
};

const read: Json = {
  action: 'receive',
  channel: to('channels', 'feed'),
  summary: 'Le CFA lit ses événements.',
  security: [to('components', 'securitySchemes', 'cle')],
  bindings: { http: { method: 'GET', query: written(feedQuery), bindingVersion: '0.3.0' } },
  messages: [to('channels', 'feed', 'messages', 'question')],
  reply: { channel: to('channels', 'feed'), messages: [to('channels', 'feed', 'messages', 'page')] },
};

/** A schema without the names that only our OpenAPI document refers to. */
function written(schema: object): Json {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === '$id' ? undefined : value))) as Json;
}
