import Type, { type TSchema } from 'typebox';
import { type EventType, eventTypes, noOpco } from '../events.js';
import { type EventData, eventData } from './event-data.js';
import { OpcoviaEvent } from './webhook.js';

/** What the documentation says of one type of event. */
export interface EventNote<T extends EventType = EventType> {
  /** One French sentence: when it comes. */
  readonly about: string;
  /** False while nothing in this version makes it yet: subscribing is accepted, and nothing comes. */
  readonly emitted: boolean;
  readonly example: EventData[T];
}

const jobId = '550e8400-e29b-41d4-a716-446655440000';
const syncId = '0b8f6a0e-6c1d-4a53-9f0e-2d7c5b1a4e10';
const webhookId = '9f1c2d3e-4b5a-4c6d-8e7f-0a1b2c3d4e5f';
const numeroInterne = 'INT-0001';
const job = { jobId, type: 'dossiers', opcoId: 'opco-ep' } as const;
const moved = { path: '/cerfa/etat', class: 'etat', before: 'TRANSMIS', after: 'ENGAGE' } as const;

/** When each event comes, and what it looks like; in the order of `eventTypes`. */
export const eventNotes: { readonly [T in EventType]: EventNote<T> } = {
  'dossier.etat_changed': {
    about: "Un dossier a changé d'état chez l'OPCO.",
    emitted: true,
    example: { numeroInterne, before: 'TRANSMIS', after: 'ENGAGE', changes: [moved] },
  },
  'dossier.updated': {
    about: 'Un dossier a changé, son état non.',
    emitted: true,
    example: {
      numeroInterne,
      changes: [{ path: '/echeances/2/montantTotal', class: 'montant', before: 1000, after: 1250.5 }],
    },
  },
  'dossier.discovered': {
    about: "Un dossier que rien n'annonçait apparaît chez l'OPCO ; désactivé par défaut.",
    emitted: true,
    example: { numeroInterne, etat: 'TRANSMIS' },
  },
  'dossier.deleted': {
    about: "Deux parcours complets de suite ne montrent plus un dossier connu, et l'OPCO dit ne pas le connaître.",
    emitted: true,
    example: { numeroInterne, etat: 'ENGAGE' },
  },
  'dossier.incoherent': {
    about: 'Engagement, échéances, factures et paiements d’un dossier ne concordent plus.',
    emitted: true,
    example: {
      numeroInterne,
      findings: [{ code: 'ENGAGEMENT_SUM', severity: 'error', pointer: '/engagement', expected: 9000, actual: 9500 }],
    },
  },
  'facture.etat_changed': {
    about: "Une facture a changé d'état chez l'OPCO.",
    emitted: true,
    example: {
      ...{ numero: 'F-2026-001', numeroInterneFacture: '90017', numeroInterne },
      ...{ before: 'EN_COURS_INSTRUCTION', after: 'REGLE' },
    },
  },
  'job.completed': {
    about: "Un dépôt a eu son effet chez l'OPCO.",
    emitted: true,
    example: { ...job, status: 'completed', outcome: 'applied', numeroInterne },
  },
  'job.failed': {
    about: 'Un dépôt a échoué pour de bon ; `GET` du job dit pourquoi.',
    emitted: true,
    example: { ...job, status: 'failed', outcome: 'not_applied' },
  },
  'job.progress': {
    about: "Une étape d'un dépôt complet est faite.",
    emitted: true,
    example: {
      ...{ ...job, type: 'complet', status: 'pending', numeroInterne },
      progress: { step: 1, total: 3, label: 'Convention' },
    },
  },
  'job.needs_review': {
    about: "Personne ne peut savoir si un dépôt a eu son effet : à vérifier chez l'OPCO, puis à trancher (`resolve`).",
    emitted: true,
    example: { ...job, status: 'needs_review', outcome: 'unknown' },
  },
  'sync.started': { about: 'Une synchronisation commence.', emitted: true, example: { syncId } },
  'sync.batch': {
    about: "Un lot d'une synchronisation est lu.",
    emitted: true,
    example: {
      ...{ syncId, batch: 4, done: 200, total: 1000, new: 12, changed: 40, unchanged: 147, failed: 1 },
      ...{ rate: 4.5, etaSeconds: 178 },
    },
  },
  'sync.completed': {
    about: 'Une synchronisation est finie ; son bilan.',
    emitted: true,
    example: { syncId, complete: true, seen: 1000, new: 12, changed: 40, unchanged: 947, failed: 1, missing: 0 },
  },
  'sync.failed': {
    about: "Une synchronisation s'est arrêtée avant la fin ; ce qui était lu reste.",
    emitted: true,
    example: { syncId, code: 'UPSTREAM_AUTH', reason: "L'OPCO refuse la clé du CFA.", done: 200, total: 1000 },
  },
  'incident.raised': {
    about: 'Quelque chose demande votre attention ; `kind` dit quoi.',
    emitted: true,
    example: { kind: 'credentials', ...job },
  },
  'webhook.test': {
    about: 'Vous avez demandé un essai (`POST /webhooks/{id}/test`) ; ce webhook seul le reçoit.',
    emitted: true,
    example: { webhookId },
  },
  'webhook.disabled': {
    about: 'Opcovia a désactivé un de vos webhooks ; les autres l’apprennent.',
    emitted: true,
    example: { webhookId, reason: 'gone' },
  },
  'credentials.expiring': {
    about: 'La clé du CFA chez un OPCO arrive à la fin de sa validité.',
    emitted: false,
    example: { opcoId: 'opco-ep', expiresAt: '2026-02-01T00:00:00.000Z' },
  },
};

/** Events that no OPCO is the source of: their `opcoId` is `opcovia`. */
const ofNoOpco: ReadonlySet<EventType> = new Set(['webhook.test', 'webhook.disabled']);

/** One type of event as it is published. */
export interface PublishedEvent {
  readonly event: EventType;
  readonly about: string;
  readonly emitted: boolean;
  /** JSON Schema of the whole event, free of references. New members may come: it does not forbid them. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** A whole event that the schema holds true. */
  readonly example: Readonly<Record<string, unknown>>;
}

/** The schema of a whole event of this type. */
export function eventSchema(type: EventType): TSchema {
  return Type.Object({ ...OpcoviaEvent.properties, event: Type.Literal(type), data: eventData[type] });
}

/** Every type of event, in the order of `eventTypes`. */
export function eventCatalogue(): readonly PublishedEvent[] {
  return eventTypes.map((type) => {
    const { about, emitted, example } = eventNotes[type];
    return { event: type, about, emitted, schema: standalone(eventSchema(type)), example: whole(type, example) };
  });
}

function whole(event: EventType, data: unknown) {
  const opcoId = ofNoOpco.has(event) ? noOpco : 'opco-ep';
  const id = '7d0f5a8e-1f0b-4f53-9a43-3f0f4d7b9d11';
  return { event, opcoId, timestamp: '2026-01-02T03:04:05.678Z', data, id, sequence: 42 };
}

/** Names are for documents that can refer to them; what only our own reading wants to know stays here. */
function standalone(schema: TSchema): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (key === '$id' || key.startsWith('x-') ? undefined : value)),
  ) as Record<string, unknown>;
}
