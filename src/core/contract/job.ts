import Type, { type Static } from 'typebox';
import { OpcoIdSchema } from './opco-id.js';
import { FindingSchema } from './problem.js';
import { nullable } from './scalars.js';

const instant = (description: string) => Type.String({ format: 'date-time', description });
const jobId = Type.String({ format: 'uuid', description: 'Identifiant du job' });

/** The states of a job; `completed`, `failed` and `cancelled` are final. */
export const jobStatuses = ['pending', 'processing', 'completed', 'failed', 'cancelled', 'needs_review'] as const;
/** The types of deposit, as the words of our routes. */
export const jobTypes = [
  'dossiers',
  'conventions',
  'factures',
  'certificats',
  'documents',
  'rupture',
  'complet',
] as const;

/** The state of a job. */
export const JobStatus = Type.Enum([...jobStatuses], { type: 'string', $id: 'JobStatus' });
export type JobStatus = Static<typeof JobStatus>;

/** What is certain about the effect at the OPCO. */
export const JobOutcome = Type.Enum(['applied', 'not_applied', 'partial', 'unknown'], {
  type: 'string',
  $id: 'JobOutcome',
});
export type JobOutcome = Static<typeof JobOutcome>;

/** Answer to a deposit: 202 when it was taken in, 200 `duplicate` when its key had already come with the same content. */
export const JobTicket = Type.Object(
  {
    jobId,
    status: Type.Enum(['pending', 'duplicate'], { type: 'string' }),
    statusUrl: Type.String({ description: 'Chemin de suivi du job' }),
  },
  { $id: 'JobTicket' },
);
export type JobTicket = Static<typeof JobTicket>;

/** What a dry run finds: `valid` when the deposit would be taken in; findings of severity `warning` would not stop it. */
export const Preflight = Type.Object(
  {
    valid: Type.Boolean({ description: 'Le dépôt serait accepté' }),
    findings: Type.Array(
      Type.Object({
        ...FindingSchema.properties,
        severity: Type.Enum(['error', 'warning'], { type: 'string' }),
      }),
    ),
  },
  { $id: 'Preflight' },
);
export type Preflight = Static<typeof Preflight>;

/** How far a job is. */
export const JobProgressView = Type.Object(
  { step: Type.Integer({ minimum: 0 }), total: Type.Integer({ minimum: 1 }), label: Type.String() },
  { $id: 'JobProgress' },
);
export type JobProgressView = Static<typeof JobProgressView>;

/** One thing that happened to a job. */
export const JobTimelineEntry = Type.Object(
  { at: instant('Quand'), code: Type.String(), texte: Type.String({ description: 'Ce qui est arrivé, et pourquoi' }) },
  { $id: 'JobTimelineEntry' },
);
export type JobTimelineEntry = Static<typeof JobTimelineEntry>;

/** Why a job ended without success, or waits for a person. */
export const JobError = Type.Object(
  {
    code: Type.String({ description: 'Code du catalogue des erreurs' }),
    title: Type.String(),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(FindingSchema)),
    upstream: Type.Optional(
      Type.Object({
        opcoId: Type.String(),
        status: Type.Integer(),
        code: Type.Optional(Type.String()),
        message: Type.Optional(Type.String()),
      }),
    ),
  },
  { $id: 'JobError' },
);
export type JobError = Static<typeof JobError>;

/** One step of a composite deposit. */
export const JobStep = Type.Object(
  {
    type: Type.String({ description: 'Type de dépôt de cette étape' }),
    label: Type.String(),
    status: JobStatus,
    outcome: Type.Optional(JobOutcome),
    result: Type.Optional(Type.Unknown({ description: "Réponse de l'OPCO à cette étape" })),
  },
  { $id: 'JobStep' },
);
export type JobStep = Static<typeof JobStep>;

const standing = {
  jobId,
  opcoId: OpcoIdSchema,
  type: Type.Enum([...jobTypes], { type: 'string' }),
  status: JobStatus,
  outcome: Type.Optional(JobOutcome),
  reason: Type.Optional(
    Type.Enum(['credentials', 'quota', 'opco', 'configuration', 'retry', 'verification', 'same_object'], {
      type: 'string',
      description:
        'Pourquoi le job attend : identifiants refusés, quota atteint, OPCO indisponible, adresse non configurée, nouvelle tentative, recherche chez l’OPCO d’un dépôt à l’issue incertaine, autre dépôt du même objet en cours',
    }),
  ),
  attempts: Type.Integer({ minimum: 0, description: "Tentatives ; un refus pour quota n'en est pas une" }),
  progress: JobProgressView,
  createdAt: instant('Acceptation'),
  updatedAt: instant('Dernier changement'),
  completedAt: nullable(instant('Fin')),
  purgedAt: Type.Optional(instant('Contenu effacé à la fin de sa durée de conservation ; le suivi reste')),
};

/** One line of the list of jobs. */
export const JobSummary = Type.Object(standing, { $id: 'JobSummary' });
export type JobSummary = Static<typeof JobSummary>;

/** A job as its owner follows it. */
export const JobView = Type.Object(
  {
    ...standing,
    position: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Rang parmi vos dépôts en attente chez cet OPCO' }),
    ),
    eta: Type.Optional(nullable(instant('Fin estimée ; null quand rien de sûr ne peut être dit'))),
    steps: Type.Optional(Type.Array(JobStep, { description: "Les étapes d'un dépôt complet" })),
    result: Type.Optional(Type.Unknown({ description: "Réponse de l'OPCO" })),
    error: Type.Optional(JobError),
    warnings: Type.Optional(
      Type.Array(FindingSchema, { description: 'Ce qui a paru douteux à la réception, et a été envoyé tel quel' }),
    ),
    timeline: Type.Array(JobTimelineEntry),
  },
  { $id: 'JobView' },
);
export type JobView = Static<typeof JobView>;

/** What a bulk retry came to. */
export const BulkRetry = Type.Object(
  {
    retried: Type.Integer({ minimum: 0, description: 'Dépôts relancés : de nouveau en attente' }),
    skipped: Type.Integer({
      minimum: 0,
      description: 'Dépôts laissés : leur contenu a été déposé de nouveau, ou leur état a changé',
    }),
    remaining: Type.Integer({
      minimum: 0,
      description: 'Dépôts en échec du même filtre encore à relancer ; appelez de nouveau',
    }),
  },
  { $id: 'BulkRetry' },
);
export type BulkRetry = Static<typeof BulkRetry>;

/** A page of jobs, newest first. */
export const JobPage = Type.Object(
  {
    data: Type.Array(JobSummary),
    nextCursor: nullable(Type.String({ description: 'À renvoyer comme `cursor` ; null à la fin' })),
  },
  { $id: 'JobPage' },
);
export type JobPage = Static<typeof JobPage>;

/** How the owner settles a job that stands in `needs_review`. */
export const JobResolution = Type.Object(
  {
    outcome: Type.Enum(['applied', 'not_applied'], {
      type: 'string',
      description: "Ce que vous avez vérifié chez l'OPCO : il a pris le dépôt en compte, ou non",
    }),
    numeroInterne: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-]{1,64}$',
        description: "Le numéro trouvé chez l'OPCO ; avec `applied` seulement",
      }),
    ),
    action: Type.Optional(
      Type.Enum(['retry', 'cancel'], {
        type: 'string',
        description: 'Avec `not_applied` seulement : renvoyer (par défaut) ou abandonner',
      }),
    ),
    updatedAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          "L'instant `updatedAt` du job que vous avez vérifié ; exigé dès la deuxième vérification de ce job",
      }),
    ),
  },
  { additionalProperties: false, $id: 'JobResolution' },
);
export type JobResolution = Static<typeof JobResolution>;
