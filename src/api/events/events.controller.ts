import { Controller, Get, Query } from '@nestjs/common';
import Type, { type Static } from 'typebox';
import { OpcoIdSchema } from '../../core/contract/opco-id.js';
import { eventCatalogue } from '../../core/contract/event-catalogue.js';
import { EventPage, EventTypePage } from '../../core/contract/webhook.js';
import { fail } from '../../core/errors.js';
import { type EventType, eventTypes } from '../../core/events.js';
import type { Tenant } from '../../core/tenant.js';
import { EventFeed, type FeedPage } from '../../events/event-feed.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { Describe } from '../openapi/describe.decorator.js';
import { pageFields } from '../page-query.js';
import { readQuery } from '../read-query.js';

const FeedQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({ minLength: 1, maxLength: 20, description: '`sequence` du dernier événement reçu' }),
    ),
    types: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'Types voulus, séparés par des virgules' }),
    ),
    opcoId: Type.Optional(OpcoIdSchema),
    limit: pageFields.limit,
  },
  { additionalProperties: false },
);
type FeedQuery = Static<typeof FeedQuery>;

/** The event log as a feed: the same events as the webhooks, for whoever catches up. */
@Controller('events')
export class EventsController {
  constructor(private readonly feed: EventFeed) {}

  @Get()
  @Describe({
    tag: 'Événements',
    summary: 'Les événements du CFA, dans l’ordre de leurs numéros',
    about:
      'Les mêmes que les webhooks, sans trou : rendez dans `after` la dernière `sequence` reçue, `nextCursor` ou `upTo`. `missed` compte ce qui, entre `after` et `upTo`, a dépassé sa durée de conservation.',
    query: FeedQuery,
    answers: { 200: EventPage },
    errors: ['VALIDATION_ERROR'],
  })
  read(@CurrentTenant() tenant: Tenant, @Query() raw: Record<string, unknown>): Promise<FeedPage> {
    const { types, ...rest } = readQuery<FeedQuery>(FeedQuery, raw);
    return this.feed.read(tenant.hash, { ...rest, ...(types !== undefined && { types: readTypes(types) }) });
  }

  @Get('types')
  @Describe({
    tag: 'Événements',
    summary: 'Le catalogue des événements : schéma et exemple de chaque type',
    about: 'Le document AsyncAPI est à `/doc/asyncapi`. `emitted: false` : type réservé, pas encore produit.',
    answers: { 200: EventTypePage },
  })
  types(): EventTypePage {
    return catalogue;
  }
}

/** The same at every call. */
const catalogue = { data: eventCatalogue(), nextCursor: null } as unknown as EventTypePage;

function readTypes(list: string): EventType[] {
  const wanted = list.split(',').map((type) => type.trim());
  if (wanted.every((type): type is EventType => (eventTypes as readonly string[]).includes(type))) return wanted;
  throw fail('VALIDATION_ERROR', {
    findings: [{ pointer: '/query/types', code: 'enum', message: `Types connus : ${eventTypes.join(', ')}.` }],
  });
}
