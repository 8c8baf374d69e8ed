import { LRUCache } from 'lru-cache';
import type { Dossier } from '../core/contract/dossier.js';
import type { Clock } from '../core/clock.js';
import type { Tenant, TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import { usualWeight } from './pace.js';
import type { PollTargetRepository } from './poll-target.repository.js';
import type { WatchedLoad } from './observed.js';
import type { ReadClock, Share } from './read-clock.js';
import type { WatchRepository } from './watch.repository.js';

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

/** What the clocks of a tenant's dossiers at an OPCO are planned on. */
export interface BulkPlan {
  readonly share: Share;
  readonly load: WatchedLoad;
}

/** A plan is true for longer than that: batches follow each other within seconds. */
const oneMinuteMs = 60_000;

/** Sets the clocks of dossiers that a bulk synchronisation has read, so that the poller does not read them all once more. */
export class NoteBulkReads {
  readonly #plans: LRUCache<string, BulkPlan>;

  constructor(
    private readonly parts: {
      readonly watch: Pick<WatchRepository, 'noteReads' | 'load'>;
      readonly targets: Pick<PollTargetRepository, 'share'>;
      readonly clock: ReadClock;
      readonly time: Pick<Clock, 'elapsed'>;
    },
  ) {
    const perf = { now: () => parts.time.elapsed() };
    this.#plans = new LRUCache({ max: 1000, ttl: oneMinuteMs, ttlResolution: 0, perf });
  }

  /** Looked up once a minute at most, and before the transaction: it counts all targets of the OPCO and all dossiers of the tenant. */
  async plan(tenant: Tenant, opcoId: string): Promise<BulkPlan> {
    const name = `${tenant.hash} ${opcoId}`;
    const known = this.#plans.get(name);
    if (known) return known;
    const { targets, watch } = this.parts;
    const [share, load] = await Promise.all([targets.share(tenant, opcoId), watch.load(tenant.hash, opcoId)]);
    const plan = { share: { opcoId, environment: tenant.environment, ...share }, load };
    this.#plans.set(name, plan);
    return plan;
  }

  /** In the transaction of what was read. What is not watched yet counts as usual: the first batch must not plan on the whole share. */
  async note(sql: Sql, tenant: TenantHash, plan: BulkPlan, { details, ageSeconds, ...list }: BulkReads): Promise<void> {
    if (details.length === 0) return;
    const {
      share,
      load: { weights, watched, unweighed },
    } = plan;
    const unknown = unweighed + Math.max(0, list.dossiers - watched);
    const load = { ...list, weights: weights + unknown * usualWeight };
    const at = { tenant, opcoId: share.opcoId, ageSeconds };
    await this.parts.watch.noteReads(sql, at, details, ({ dossier, changed }, observed) =>
      this.parts.clock.set(share, { ...load, dossier, changed, observed }),
    );
  }
}
