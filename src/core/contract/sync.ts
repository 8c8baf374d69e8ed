import Type, { type Static } from 'typebox';
import { OpcoIdSchema } from './opco-id.js';
import { nullable } from './scalars.js';

const instant = (description: string) => Type.String({ format: 'date-time', description });
const syncId = Type.String({ format: 'uuid', description: 'Identifiant de la synchronisation' });
const count = (description: string) => Type.Integer({ minimum: 0, description });

/** The states of a bulk synchronisation; `completed` and `cancelled` are final, `failed` can be resumed. */
export const syncStatuses = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled'] as const;

/** The state of a bulk synchronisation. */
export const SyncStatus = Type.Enum([...syncStatuses], { type: 'string', $id: 'SyncStatus' });
export type SyncStatus = Static<typeof SyncStatus>;

/** Answer to a request for a bulk synchronisation: 202 for a new one, 200 `duplicate` for the one that is not over. */
export const SyncTicket = Type.Object(
  {
    syncId,
    status: Type.Enum(['pending', 'duplicate'], { type: 'string' }),
    statusUrl: Type.String({ description: 'Chemin de suivi de la synchronisation' }),
  },
  { $id: 'SyncTicket' },
);
export type SyncTicket = Static<typeof SyncTicket>;

/** What a bulk synchronisation would cost; null where nothing true can be said. */
export const SyncEstimate = Type.Object(
  {
    dossiers: nullable(count('Dossiers à lire')),
    calls: nullable(count("Appels à l'OPCO, liste comprise")),
    minutes: nullable(
      Type.Number({ minimum: 0, description: "Durée si rien d'autre ne s'adresse à cet OPCO : rarement moins" }),
    ),
    callsPerSecond: Type.Number({
      minimum: 0,
      description: 'Appels par seconde que l’OPCO est cru supporter en ce moment, tous CFA confondus',
    }),
    basis: Type.Enum(['opco', 'snapshots', 'unknown'], {
      type: 'string',
      description:
        "D'où vient le nombre de dossiers : première page de l'OPCO, dossiers déjà connus d'Opcovia, ou inconnu (tout est alors null)",
    }),
  },
  { $id: 'SyncEstimate' },
);
export type SyncEstimate = Static<typeof SyncEstimate>;

/** How far a bulk synchronisation is. */
export const SyncProgress = Type.Object(
  {
    done: count('Dossiers traités, échecs compris'),
    total: nullable(count('Dossiers à traiter ; null tant que la liste se lit')),
    seen: count('Dossiers trouvés dans la liste'),
    batches: count('Lots terminés'),
    rate: nullable(Type.Number({ minimum: 0, description: 'Dossiers par seconde ; null quand rien ne se lit' })),
    eta: nullable(instant('Fin estimée ; null quand rien de sûr ne peut être dit')),
  },
  { $id: 'SyncProgress' },
);
export type SyncProgress = Static<typeof SyncProgress>;

/** A dossier that could not be read, and why. */
export const SyncFailure = Type.Object(
  {
    numeroInterne: Type.String(),
    code: Type.String({ description: 'Code du catalogue des erreurs' }),
    reason: Type.String({ description: 'Le motif, en clair' }),
    attempts: Type.Integer({ minimum: 1 }),
  },
  { $id: 'SyncFailure' },
);
export type SyncFailure = Static<typeof SyncFailure>;

/** The end of a bulk synchronisation in figures. */
export const SyncReport = Type.Object(
  {
    complete: Type.Boolean({ description: "Toute la liste a été vue, autant de dossiers que l'OPCO en annonce" }),
    seen: count('Dossiers trouvés dans la liste'),
    new: count('Dossiers vus pour la première fois'),
    changed: count('Dossiers qui ont changé depuis la version connue'),
    unchanged: count('Dossiers inchangés'),
    missing: nullable(
      Type.Object(
        {
          count: count("Dossiers connus avant, absents d'une liste complète ; rien n'est supprimé"),
          numerosInternes: Type.Array(Type.String(), { description: 'Les 200 premiers' }),
        },
        { description: 'null quand la liste est restée incomplète : une absence ne prouve alors rien' },
      ),
    ),
    failed: Type.Object({
      count: count('Dossiers qui n’ont pu être lus'),
      dossiers: Type.Array(SyncFailure, { description: 'Les 200 premiers' }),
    }),
  },
  { $id: 'SyncReport' },
);
export type SyncReport = Static<typeof SyncReport>;

const standing = {
  syncId,
  opcoId: OpcoIdSchema,
  status: SyncStatus,
  phase: Type.Enum(['discovery', 'details'], {
    type: 'string',
    description: '`discovery` : la liste se lit ; `details` : les dossiers se lisent, lot après lot',
  }),
  waiting: Type.Optional(
    Type.Object(
      {
        reason: Type.Enum(['opco', 'quota', 'configuration', 'retry'], {
          type: 'string',
          description:
            'OPCO indisponible, quota atteint, adresse non configurée, nouvelle lecture de dossiers en échec',
        }),
        until: instant('Prochain essai'),
      },
      { description: 'Ce qui fait attendre ; elle reprend seule' },
    ),
  ),
  progress: SyncProgress,
  createdAt: instant('Demande'),
  startedAt: nullable(instant('Début')),
  updatedAt: instant('Dernier changement'),
  completedAt: nullable(instant('Fin')),
};

/** One line of the list of bulk synchronisations. */
export const SyncSummary = Type.Object(standing, { $id: 'SyncSummary' });
export type SyncSummary = Static<typeof SyncSummary>;

/** A bulk synchronisation as its owner follows it. */
export const SyncView = Type.Object(
  {
    ...standing,
    report: nullable(SyncReport),
    error: Type.Optional(
      Type.Object(
        { code: Type.String({ description: 'Code du catalogue des erreurs' }), detail: Type.String() },
        { description: 'Pourquoi elle a échoué ; `resume` la reprend au dernier lot une fois la cause levée' },
      ),
    ),
  },
  { $id: 'SyncView' },
);
export type SyncView = Static<typeof SyncView>;

/** A page of bulk synchronisations, newest first. */
export const SyncPage = Type.Object(
  {
    data: Type.Array(SyncSummary),
    nextCursor: nullable(Type.String({ description: 'À renvoyer comme `cursor` ; null à la fin' })),
  },
  { $id: 'SyncPage' },
);
export type SyncPage = Static<typeof SyncPage>;
