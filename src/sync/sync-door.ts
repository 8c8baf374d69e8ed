import type { EtatsUpstreamPage } from '../core/contract/etats.js';
import type { SyncEstimate, SyncTicket } from '../core/contract/sync.js';
import type { OpcoAdapter } from '../core/endpoint.js';
import { fail } from '../core/errors.js';
import type { Environment } from '../core/tenant.js';
import type { PipelineRunner } from '../pipeline/pipeline.runner.js';
import type { SnapshotRepository } from '../poller/snapshot.repository.js';
import type { OpcoCredentialsRepository } from '../tenancy/opco-credentials.repository.js';
import { estimateOf, type FirstPage } from './estimate.js';
import { judgeFailure } from './judge-failure.js';
import type { SyncActor, SyncJobRepository } from './sync-job.repository.js';

/** What it works with. */
export interface DoorParts {
  readonly jobs: Pick<SyncJobRepository, 'request'>;
  readonly runner: Pick<PipelineRunner, 'run' | 'served'>;
  readonly credentials: Pick<OpcoCredentialsRepository, 'find'>;
  readonly snapshots: Pick<SnapshotRepository, 'countKnown'>;
  readonly pagingOf: (opcoId: string) => OpcoAdapter['paging'] | undefined;
  /** As the OPCO is believed to bear at this moment. */
  readonly callsPerSecond: (opcoId: string, environment: Environment) => number;
}

/** Where synchronisations begin: nothing is taken in that could not be carried out. */
export class SyncDoor {
  constructor(private readonly parts: DoorParts) {}

  /** Throws NOT_SUPPORTED, UNKNOWN_OPCO, or CONFLICT when the tenant has no key at that OPCO. */
  async start(actor: SyncActor, opcoId: string): Promise<SyncTicket> {
    await this.#able(actor, opcoId);
    const { syncId, status } = await this.parts.jobs.request(actor, opcoId);
    return { syncId, status, statusUrl: `/${opcoId}/sync/${syncId}` };
  }

  /** What it would cost, for the price of one page of the list at most. Throws as `start`, and when the OPCO refuses the key. */
  async estimate(actor: SyncActor, opcoId: string): Promise<SyncEstimate> {
    await this.#able(actor, opcoId);
    const paging = this.parts.pagingOf(opcoId) ?? { kind: 'whole' };
    const page = await this.#firstPage(actor, opcoId, paging);
    const known = await this.parts.snapshots.countKnown(actor.tenant.hash, opcoId);
    const rate = this.parts.callsPerSecond(opcoId, actor.tenant.environment);
    return estimateOf({ paging, page, known, callsPerSecond: Math.round(rate * 100) / 100 || rate });
  }

  async #able({ tenant }: SyncActor, opcoId: string): Promise<void> {
    for (const endpoint of ['etats', 'dossier'] as const) this.parts.runner.served({ opcoId, endpoint });
    if (await this.parts.credentials.find(tenant.hash, opcoId)) return;
    throw fail('CONFLICT', {
      detail: `Aucune clé du CFA n'est enregistrée pour cet OPCO : enregistrez-la par PUT /${opcoId}/credentials.`,
    });
  }

  /** Undefined when the OPCO cannot be asked now; what is cached will do. */
  async #firstPage(
    { tenant, requestId = '', source }: SyncActor,
    opcoId: string,
    paging: OpcoAdapter['paging'],
  ): Promise<FirstPage | undefined> {
    const exchange = await this.parts.runner.run({
      ...{ requestId, tenant, opcoId, endpoint: 'etats', traffic: 'interactive', cache: {} },
      query: paging.kind === 'pages' ? { numeroPage: 1 } : {},
      ...(source !== undefined && { source }),
    });
    const { failure } = exchange;
    if (failure && judgeFailure(failure).kind === 'fatal') throw failure;
    if (failure) return undefined;
    const { data, total } = exchange.reply().value() as EtatsUpstreamPage;
    return { rows: data.length, total };
  }
}
