import type { EventData } from './contract/event-data.js';

/** The `opcoId` of events that belong to no OPCO, such as `webhook.disabled`; every OPCO filter lets them through. */
export const noOpco = 'opcovia';

/** The event types of product.md 8, in the order of the documentation. */
export const eventTypes = [
  'dossier.etat_changed',
  'dossier.updated',
  'dossier.discovered',
  'dossier.deleted',
  'dossier.incoherent',
  'facture.etat_changed',
  'job.completed',
  'job.failed',
  'job.progress',
  'job.needs_review',
  'sync.started',
  'sync.batch',
  'sync.completed',
  'sync.failed',
  'incident.raised',
  'webhook.test',
  'webhook.disabled',
  'credentials.expiring',
] as const;

/** A type of event that a webhook can subscribe to. */
export type EventType = (typeof eventTypes)[number];

/** The events that tell of a job; their `data` have one shape. */
export type JobEventType = Extract<EventType, `job.${string}`>;

interface NewEventOf<T extends EventType> {
  readonly type: T;
  readonly opcoId: string;
  /**
   * What the event is about (`dossier:<numeroInterne>`, `job:<id>`): deliveries of one subject stay in order.
   * Never shown to the receiver.
   */
  readonly subject: string;
  /** Thin: identifiers, states, amounts and dates; never names, NIR or files. */
  readonly data: EventData[T];
}

/** A fact to be written in the transaction of the change that makes it true; its `data` are those of its type. */
export type NewEvent = { [T in EventType]: NewEventOf<T> }[EventType];
