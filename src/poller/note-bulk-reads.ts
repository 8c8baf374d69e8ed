import type { Dossier } from '../core/contract/dossier.js';
import type { Tenant } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import { usualWeight } from './pace.js';
import type { PollTargetRepository } from './poll-target.repository.js';
import type { ReadClock, Share } from './read-clock.js';
import type { WatchRepository } from './watch.repository.js';

export type { Share } from './read-clock.js';

/** Details that a bulk synchronisation has read. */
export interface BulkReads {
  readonly details: readonly { readonly numeroInterne: string; readonly dossier: Dossier; readonly changed: boolean }[];
  /** Dossiers of the whole list. */
  readonly dossiers: number;
  /** Calls that the list takes. */
  readonly listCalls: number;
  /** Since the reading of them began. */
  readonly ageSeconds: number;
}

/** Sets the clocks of dossiers that a bulk synchronisation has read, so that the poller does not read them all once more. */
export class NoteBulkReads {
  constructor(
    private readonly parts: {
      readonly watch: Pick<WatchRepository, 'noteReads' | 'loadWithin'>;
      readonly targets: Pick<PollTargetRepository, 'share'>;
      readonly clock: ReadClock;
    },
  ) {}

  /** What the tenant's poll may plan on; asked before the transaction, which sees this tenant alone. */
  async share(tenant: Tenant, opcoId: string): Promise<Share> {
    const { environment } = tenant;
    return { opcoId, environment, ...(await this.parts.targets.share(tenant, opcoId)) };
  }

  /** In the transaction of what was read. What is not watched yet counts as usual: the first batch must not plan on the whole share. */
  async note(sql: Sql, { hash }: Tenant, share: Share, { details, ...reads }: BulkReads): Promise<void> {
    if (details.length === 0) return;
    const { opcoId } = share;
    const { weights, watched, unweighed } = await this.parts.watch.loadWithin(sql, hash, opcoId);
    const load = {
      ...{ dossiers: reads.dossiers, listCalls: reads.listCalls },
      weights: weights + (unweighed + Math.max(0, reads.dossiers - watched)) * usualWeight,
    };
    const at = { tenant: hash, opcoId, ageSeconds: reads.ageSeconds };
    await this.parts.watch.noteReads(sql, at, details, ({ dossier, changed }, observed) =>
      this.parts.clock.set(share, { ...load, dossier, changed, observed }),
    );
  }
}
