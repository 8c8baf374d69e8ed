import Type, { type Static, type TObject } from 'typebox';
import { ToldIncoherence } from './coherence.js';
import { etatField, numero } from './etats.js';
import { JobOutcome, JobProgressView, JobStatus, jobTypes } from './job.js';
import { OpcoIdSchema } from './opco-id.js';
import { nullable } from './scalars.js';

const instant = (description: string) => Type.String({ format: 'date-time', description });
const uuid = (description: string) => Type.String({ format: 'uuid', description });
const count = (description: string) => Type.Integer({ minimum: 0, description });
const jobType = () => Type.Enum([...jobTypes], { type: 'string', description: 'Type de dépôt' });

const shown = (description: string) =>
  Type.Optional(nullable(Type.Union([Type.String({ maxLength: 60 }), Type.Number()], { description })));

/** One field that changed. Values are shown for states, amounts and dates only. */
export const EventChange = Type.Object(
  {
    path: Type.String({
      description: 'Pointeur JSON ; une ligne est nommée par son `numero`',
      examples: ['/cerfa/etat'],
    }),
    class: Type.Enum(['etat', 'montant', 'date', 'contact', 'autre'], { type: 'string' }),
    before: shown('Valeur précédente, pour etat, montant et date seulement'),
    after: shown('Nouvelle valeur, pour etat, montant et date seulement'),
  },
  { $id: 'EventChange', description: 'Un champ qui a changé' },
);
export type EventChange = Static<typeof EventChange>;

const dossier = { numeroInterne: numero("Numéro du dossier chez l'OPCO") };
const changes = {
  changes: Type.Array(EventChange, { maxItems: 100, description: 'Champs changés, cent au plus' }),
  changesOmitted: Type.Optional(Type.Integer({ minimum: 1, description: 'Champs changés qui ne sont pas listés' })),
  reappeared: Type.Optional(Type.Literal(true, { description: "L'OPCO ne l'avait plus, et le montre à nouveau" })),
};

/** What `job.*` events say. */
export const JobEventData = Type.Object({
  jobId: uuid('Identifiant du job'),
  type: jobType(),
  opcoId: OpcoIdSchema,
  status: JobStatus,
  outcome: Type.Optional(JobOutcome),
  numeroInterne: Type.Optional(numero("Numéro donné par l'OPCO")),
  progress: Type.Optional(JobProgressView),
});
export type JobEventData = Static<typeof JobEventData>;

const sync = { syncId: uuid('Identifiant de la synchronisation') };
const syncReport = {
  seen: count('Dossiers vus'),
  ...{ new: count('Dossiers vus pour la première fois'), changed: count('Dossiers changés') },
  unchanged: count('Dossiers inchangés'),
  failed: count('Dossiers qui n’ont pas pu être lus'),
};
const { seen: _seen, ...syncCounts } = syncReport;

const incident = Type.Object({
  kind: Type.String({
    pattern: '^[a-z][a-z_]{0,39}$',
    description:
      "Nature de l'incident ; connues : credentials (l'OPCO refuse la clé du CFA), mass_deletion (trop de dossiers disparus à la fois : rien n'est supprimé)",
    examples: ['credentials'],
  }),
  opcoId: Type.Optional(OpcoIdSchema),
  jobId: Type.Optional(uuid('Le job arrêté par cet incident')),
  type: Type.Optional(jobType()),
  missing: Type.Optional(count('Dossiers qui manquent')),
  known: Type.Optional(count('Dossiers connus')),
});

const webhook = { webhookId: uuid('Identifiant du webhook') };

/** The `data` of each event by its type: the one source of types, checks and documents. Thin: never names, NIR or files. */
export const eventData = {
  'dossier.etat_changed': Type.Object({ ...dossier, before: etatField(), after: etatField(), ...changes }),
  'dossier.updated': Type.Object({ ...dossier, ...changes }),
  'dossier.discovered': Type.Object({ ...dossier, etat: etatField() }),
  'dossier.deleted': Type.Object({ ...dossier, etat: etatField() }),
  'dossier.incoherent': Type.Object({
    ...dossier,
    findings: Type.Array(ToldIncoherence, { minItems: 1, maxItems: 50, description: 'Ce qui ne concorde pas' }),
  }),
  'facture.etat_changed': Type.Object({
    numero: numero("Numéro de facture du CFA ; celui de l'OPCO quand il n'en montre pas d'autre"),
    numeroInterneFacture: Type.Optional(numero("Numéro de la facture chez l'OPCO")),
    before: nullable(Type.String({ maxLength: 60, description: 'État précédent ; null quand il n’était pas connu' })),
    after: Type.String({ maxLength: 60, description: 'Nouvel état' }),
    numeroInterne: Type.Optional(numero("Numéro du dossier chez l'OPCO, quand la facture n'en couvre qu'un")),
  }),
  'job.completed': JobEventData,
  'job.failed': JobEventData,
  'job.progress': JobEventData,
  'job.needs_review': JobEventData,
  'sync.started': Type.Object(sync),
  'sync.batch': Type.Object({
    ...sync,
    batch: count('Rang du lot, à partir de 1'),
    done: count('Dossiers lus'),
    total: count('Dossiers à lire'),
    ...syncCounts,
    rate: nullable(Type.Number({ minimum: 0, description: 'Dossiers lus par seconde' })),
    etaSeconds: nullable(count('Secondes jusqu’à la fin ; null quand rien de sûr ne peut être dit')),
  }),
  'sync.completed': Type.Object({
    ...sync,
    complete: Type.Boolean({ description: "Toute la liste a été vue, autant de dossiers que l'OPCO en annonce" }),
    ...syncReport,
    missing: nullable(count("Dossiers connus, absents d'une liste complète ; null quand elle est restée incomplète")),
  }),
  'sync.failed': Type.Object({
    ...sync,
    code: Type.String({ maxLength: 60, description: 'Code du catalogue des erreurs' }),
    reason: Type.String({ maxLength: 500, description: 'Pourquoi elle a pris fin' }),
    done: count('Dossiers lus ; ils le restent'),
    total: nullable(count('Dossiers à lire ; null quand la liste n’a pas été lue')),
  }),
  'incident.raised': incident,
  'webhook.test': Type.Object(webhook),
  'webhook.disabled': Type.Object({
    ...webhook,
    reason: Type.String({
      pattern: '^[a-z][a-z_]{0,39}$',
      description: 'Pourquoi ; connues : gone (le récepteur a répondu 410), failing (en échec depuis trop longtemps)',
      examples: ['gone'],
    }),
  }),
  'credentials.expiring': Type.Object({
    opcoId: OpcoIdSchema,
    expiresAt: instant("Fin de validité de la clé du CFA chez l'OPCO"),
  }),
} as const satisfies Record<string, TObject>;

/** What an event of each type says. */
export type EventData = { readonly [T in keyof typeof eventData]: Static<(typeof eventData)[T]> };
