import { randomUUID } from 'node:crypto';
import type { AuditAction } from '../audit/actions.js';
import type { AuditTrail, Author } from '../audit/audit-trail.js';
import type { SyncPage, SyncStatus, SyncView } from '../core/contract/sync.js';
import { readCursor, writeCursor, type PageQuestion } from '../core/cursor.js';
import { fail } from '../core/errors.js';
import type { Tenant, TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import { syncColumns, toSummary, toView, type SyncRow } from './sync-rows.js';

/** Who asks for a synchronisation, or for a change of one. */
export interface SyncActor extends Pick<Author, 'requestId' | 'source'> {
  readonly tenant: Tenant;
}

/** Which synchronisation of which OPCO. */
export interface SyncName {
  readonly opcoId: string;
  readonly syncId: string;
}

/** What it works with. */
export interface SyncJobParts {
  readonly database: Database;
  readonly audit: Pick<AuditTrail, 'write'>;
  /** Tells the workers of this process that something is due. */
  readonly wake: () => void;
}

/** A change of state that its owner asks for. */
interface Wish {
  readonly from: readonly SyncStatus[];
  /** The assignments of the UPDATE; our own words. */
  readonly sets: string;
  readonly action: AuditAction;
  /** French: what cannot be done in another state. */
  readonly refused: string;
}

/** Still to be done, or being done: one at a time per tenant and OPCO. */
const active = `status IN ('pending', 'running', 'paused')`;

const wishes = {
  pause: {
    from: ['pending', 'running'],
    sets: `status = 'paused', waiting = NULL`,
    action: 'sync.paused',
    refused: 'Seule une synchronisation en attente ou en cours se met en pause',
  },
  // The claim of whoever still reads is void at once: its fence is passed by the next claim.
  resume: {
    from: ['paused', 'failed'],
    sets: `status = CASE WHEN started_at IS NULL THEN 'pending' ELSE 'running' END, run_at = now(), claimed_until = NULL,
           waiting = NULL, failures = 0, error_code = NULL, completed_at = NULL, checkpoint = checkpoint || '{"scans": 0}'`,
    action: 'sync.resumed',
    refused: 'Seule une synchronisation en pause ou en échec se reprend',
  },
  cancel: {
    from: ['pending', 'running', 'paused'],
    sets: `status = 'cancelled', waiting = NULL, completed_at = now()`,
    action: 'sync.cancelled',
    refused: "Seule une synchronisation qui n'est pas terminée s'annule",
  },
} as const satisfies Record<string, Wish>;

const states: Readonly<Record<SyncStatus, string>> = {
  pending: 'en attente',
  running: 'en cours',
  paused: 'en pause',
  completed: 'terminée',
  failed: 'en échec',
  cancelled: 'annulée',
};

/**
 * The synchronisations of a tenant, as it sees and operates them. Another tenant's, or another OPCO's, does not exist: 404.
 *
 *     pending ──claim──▶ running ──▶ completed        running ──▶ failed ──resume──▶ running
 *        └──pause──▶ paused ◀──pause──┘                pending, running, paused ──cancel──▶ cancelled
 *                      └──resume──▶ running, where it stood
 */
export class SyncJobRepository extends TenantScopedRepository {
  constructor(private readonly parts: SyncJobParts) {
    super(parts.database);
  }

  /** A new one, or the one that is not over yet. */
  async request(actor: SyncActor, opcoId: string): Promise<{ syncId: string; status: 'pending' | 'duplicate' }> {
    const { hash } = actor.tenant;
    const asked = await this.within(hash, async (sql) => {
      // What was not over may be over by the time one looks for it: then there is room for a new one.
      for (;;) {
        const [made] = await sql.query<{ id: string }>(
          `INSERT INTO sync_jobs (id, tenant_hash, opco_id) VALUES ($1, $2, $3)
           ON CONFLICT (tenant_hash, opco_id) WHERE ${active} DO NOTHING RETURNING id`,
          [randomUUID(), hash, opcoId],
        );
        if (made) {
          await this.#trace(sql, actor, 'sync.requested', { opcoId, syncId: made.id });
          return { syncId: made.id, status: 'pending' as const };
        }
        const [known] = await sql.query<{ id: string }>(
          `SELECT id FROM sync_jobs WHERE tenant_hash = $1 AND opco_id = $2 AND ${active}`,
          [hash, opcoId],
        );
        if (known) return { syncId: known.id, status: 'duplicate' as const };
      }
    });
    this.parts.wake();
    return asked;
  }

  view(tenant: TenantHash, name: SyncName): Promise<SyncView> {
    return this.within(tenant, async (sql) => toView(await find(sql, tenant, name)));
  }

  list(tenant: TenantHash, opcoId: string, { cursor, limit }: PageQuestion): Promise<SyncPage> {
    const from = cursor === undefined ? undefined : readCursor(cursor);
    return this.within(tenant, async (sql) => {
      const rows = await sql.query<SyncRow & { micros: string }>(
        `SELECT ${syncColumns}, (extract(epoch FROM created_at) * 1000000)::bigint::text AS micros FROM sync_jobs
         WHERE tenant_hash = $1 AND opco_id = $2
           AND ($3::bigint IS NULL OR (created_at, id) < (timestamptz 'epoch' + $3::bigint * interval '1 microsecond', $4::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $5`,
        [tenant, opcoId, from?.micros ?? null, from?.id ?? null, limit + 1],
      );
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        data: shown.map(toSummary),
        nextCursor: last ? writeCursor({ micros: last.micros, id: last.id }) : null,
      };
    });
  }

  /** Stops after the batch under way. */
  pause(actor: SyncActor, name: SyncName): Promise<SyncView> {
    return this.#change(actor, name, wishes.pause);
  }

  /** Goes on where it stood. 409 as well when another one has begun since it failed. */
  resume(actor: SyncActor, name: SyncName): Promise<SyncView> {
    return this.#change(actor, name, wishes.resume).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== '23505') throw error;
      throw fail('CONFLICT', { detail: "Une autre synchronisation de cet OPCO n'est pas terminée ; suivez celle-là." });
    });
  }

  /** For good: what was kept until then stays. */
  cancel(actor: SyncActor, name: SyncName): Promise<SyncView> {
    return this.#change(actor, name, wishes.cancel);
  }

  async #change(actor: SyncActor, name: SyncName, { from, sets, action, refused }: Wish): Promise<SyncView> {
    const { hash } = actor.tenant;
    const view = await this.within(hash, async (sql) => {
      const changed = await sql.query(
        `UPDATE sync_jobs SET ${sets}, updated_at = now()
         WHERE tenant_hash = $1 AND opco_id = $2 AND id = $3 AND status = ANY ($4) RETURNING id`,
        [hash, name.opcoId, name.syncId, from],
      );
      const row = await find(sql, hash, name);
      if (changed.length === 0) throw fail('CONFLICT', { detail: `${refused} ; celle-ci est ${states[row.status]}.` });
      await this.#trace(sql, actor, action, name);
      return toView(row);
    });
    this.parts.wake();
    return view;
  }

  #trace(sql: Sql, { tenant, requestId, source }: SyncActor, action: AuditAction, name: SyncName): Promise<void> {
    return this.parts.audit.write(sql, {
      tenant: tenant.hash,
      actor: `key:${tenant.keyId}`,
      action,
      object: `sync:${name.syncId}`,
      result: 'ok',
      ...(requestId !== undefined && { requestId }),
      ...(source !== undefined && { source }),
      details: { opcoId: name.opcoId },
    });
  }
}

async function find(sql: Sql, tenant: TenantHash, { opcoId, syncId }: SyncName): Promise<SyncRow> {
  const [row] = await sql.query<SyncRow>(
    `SELECT ${syncColumns} FROM sync_jobs WHERE tenant_hash = $1 AND opco_id = $2 AND id = $3`,
    [tenant, opcoId, syncId],
  );
  if (!row) throw fail('NOT_FOUND', { detail: 'Aucune synchronisation de ce numéro chez cet OPCO.' });
  return row;
}
