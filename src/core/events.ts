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

/** A fact to be written in the transaction of the change that makes it true. */
export interface NewEvent {
  readonly type: EventType;
  readonly opcoId: string;
  /**
   * What the event is about (`dossier:<numeroInterne>`, `job:<id>`): deliveries of one subject stay in order.
   * Never shown to the receiver.
   */
  readonly subject: string;
  /** Thin: identifiers, states, amounts and dates; never names, NIR or files. */
  readonly data: Record<string, unknown>;
}
