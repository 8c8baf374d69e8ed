/** An operation that one may go on to with what an answer says. */
export interface RouteLink {
  readonly operationId: string;
  readonly description: string;
  /** JSON pointers into the answer, by the parameter that each fills. */
  readonly from: Readonly<Record<string, string>>;
  /** Parameters of the path that go on unchanged. */
  readonly keeps?: readonly string[];
}

/** Links by the status whose answer has them. */
export type RouteLinks = Readonly<Record<number, readonly RouteLink[]>>;

/** The links of one answer as OpenAPI writes them. */
export function linksOf(links: RouteLinks | undefined, status: number) {
  const those = links?.[status] ?? [];
  if (those.length === 0) return {};
  return {
    links: Object.fromEntries(
      those.map(({ operationId, description, from, keeps = [] }) => [
        operationId,
        {
          operationId,
          description,
          parameters: {
            ...Object.fromEntries(keeps.map((name) => [name, `$request.path.${name}`])),
            ...Object.fromEntries(Object.entries(from).map(([name, pointer]) => [name, `$response.body#${pointer}`])),
          },
        },
      ]),
    ),
  };
}

const jobOf = (operationId: string, description: string): RouteLink => ({
  ...{ operationId, description },
  keeps: ['opcoId'],
  from: { jobId: '/jobId' },
});

/** What a deposit's ticket leads to. */
export const toItsJob: readonly RouteLink[] = [
  jobOf('jobs_view', 'Suivre le job'),
  jobOf('jobs_retry', "Le relancer s'il échoue"),
  jobOf('jobs_cancel', "L'annuler tant qu'il n'est pas parti"),
  jobOf('jobs_resolve', 'Le trancher si son issue reste inconnue'),
];

const syncOf = (operationId: string, description: string): RouteLink => ({
  ...{ operationId, description },
  keeps: ['opcoId'],
  from: { syncId: '/syncId' },
});

/** What the ticket of a bulk synchronisation leads to. */
export const toItsSync: readonly RouteLink[] = [
  syncOf('sync_view', 'Suivre la synchronisation'),
  syncOf('sync_pause', 'La mettre en pause'),
  syncOf('sync_resume', 'La reprendre'),
  syncOf('sync_cancel', "L'annuler"),
];

/** What the first line of a page of dossiers leads to. */
export const toItsDossier: readonly RouteLink[] = [
  {
    operationId: 'dossiers_dossierByPath',
    description: 'Lire le premier de ces dossiers',
    keeps: ['opcoId'],
    from: { numeroInterne: '/data/0/numeroInterne' },
  },
];

/** What an answer with an `id` leads to. */
export const toItself = (operations: Readonly<Record<string, string>>): readonly RouteLink[] =>
  Object.entries(operations).map(([operationId, description]) => ({ operationId, description, from: { id: '/id' } }));

/** What the first line of a page of deliveries leads to. */
export const toItsFirstDelivery: readonly RouteLink[] = [
  {
    operationId: 'deliveries_replay',
    description: 'Refaire le premier de ces envois',
    keeps: ['id'],
    from: { deliveryId: '/data/0/id' },
  },
];
