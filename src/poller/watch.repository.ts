import type { Etat } from '../core/contract/etats.js';
import type { TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { canonicalForm } from './diff.js';
import type { FreshRead, Observed, ReadsOf, WatchedLoad } from './observed.js';
import type { DossierName } from './snapshot.repository.js';

/** The list's word on what is watched. */
export interface Pointed {
  /** Rows whose detail must be read. */
  readonly moved: readonly Etat[];
  /** Of these, the numbers that are known already. */
  readonly known: ReadonlySet<string>;
}

/** Throws unless the poll is still ours; the last statement of a transaction, which it then undoes. */
export type Fence = (sql: Sql) => Promise<void>;

/** What stands beside the histories: which dossiers are watched, when each is due, and which the list no longer has. */
export class WatchRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly keys: Pick<DataKeys, 'subjectIndex'>,
  ) {
    super(database);
  }

  /** The rows of a page that say something else than what is known: another state, another row than at the last reading, or new. */
  async pointed(tenant: TenantHash, opcoId: string, rows: readonly Etat[], fence: Fence): Promise<Pointed> {
    const hashes = rows.map((row) => this.rowHash(tenant, row));
    const known = await this.within(tenant, async (sql) => {
      const numbers = rows.map(({ numeroInterne }) => numeroInterne);
      // Dossiers that came by a bulk synchronisation have no row of the list yet: this one is theirs.
      await sql.query(
        `UPDATE watched_dossiers w SET row_hash = r.hash FROM unnest($3::text[], $4::bytea[]) AS r(numero, hash) JOIN (
           SELECT numero_interne FROM watched_dossiers
           WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = ANY ($3) AND row_hash IS NULL
           ORDER BY numero_interne COLLATE "C" FOR UPDATE) bare ON bare.numero_interne = r.numero
         WHERE w.tenant_hash = $1 AND w.opco_id = $2 AND w.numero_interne = r.numero`,
        [tenant, opcoId, numbers, hashes],
      );
      await fence(sql);
      return sql.query<{ numero_interne: string; etat: string; row_hash: Buffer; deleted: boolean }>(
        `SELECT numero_interne, etat, row_hash, deleted_at IS NOT NULL AS deleted FROM watched_dossiers
         WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = ANY ($3)`,
        [tenant, opcoId, numbers],
      );
    });
    const byNumber = new Map(known.map((row) => [row.numero_interne, row]));
    const moved = rows.filter((row, at) => {
      const was = byNumber.get(row.numeroInterne);
      return !was || was.deleted || was.etat !== row.etat || !was.row_hash.equals(hashes[at] ?? Buffer.alloc(0));
    });
    return { moved, known: new Set(byNumber.keys()) };
  }

  /** Names a row of the list without showing it. */
  rowHash(tenant: TenantHash, row: Etat): Buffer {
    return this.keys.subjectIndex(tenant, `etat|${canonicalForm(row)}`);
  }

  /** The dossiers whose time has come, the longest due first. */
  async due(tenant: TenantHash, opcoId: string, limit: number): Promise<string[]> {
    const rows = await this.within(tenant, (sql) =>
      sql.query<{ numero_interne: string }>(
        `SELECT numero_interne FROM watched_dossiers
         WHERE tenant_hash = $1 AND opco_id = $2 AND deleted_at IS NULL AND next_read_at <= now()
         ORDER BY next_read_at LIMIT $3`,
        [tenant, opcoId, limit],
      ),
    );
    return rows.map((row) => row.numero_interne);
  }

  /** The dossier whose time comes next, of those that are not excepted. */
  async nextDue(tenant: TenantHash, opcoId: string, except: readonly string[]): Promise<string | undefined> {
    const [row] = await this.within(tenant, (sql) =>
      sql.query<{ numero_interne: string }>(
        `SELECT numero_interne FROM watched_dossiers
         WHERE tenant_hash = $1 AND opco_id = $2 AND deleted_at IS NULL AND NOT numero_interne = ANY ($3)
         ORDER BY next_read_at LIMIT 1`,
        [tenant, opcoId, except],
      ),
    );
    return row?.numero_interne;
  }

  async load(tenant: TenantHash, opcoId: string): Promise<WatchedLoad> {
    const [row] = await this.within(tenant, (sql) =>
      sql.query<WatchedLoad>(
        `SELECT coalesce(sum(weight), 0)::float8 AS weights, count(*)::int AS watched,
           count(*) FILTER (WHERE weight = 0)::int AS unweighed FROM watched_dossiers
         WHERE tenant_hash = $1 AND opco_id = $2 AND deleted_at IS NULL`,
        [tenant, opcoId],
      ),
    );
    return row ?? { weights: 0, watched: 0, unweighed: 0 };
  }

  /**
   * Sets the clocks of dossiers whose details were just read, in the transaction of what was read; `next` judges what was observed
   * of each until now. Those that are not watched are passed over. What was made due since the reading began, `ageSeconds` ago, stays
   * due: the reading may be older than what made it so.
   */
  async noteReads<Read extends FreshRead>(
    sql: Sql,
    { tenant, opcoId, ageSeconds }: ReadsOf,
    reads: readonly Read[],
    next: (read: Read, observed: Observed) => Omit<Observed, 'since'> & { readonly inSeconds: number },
  ): Promise<void> {
    const rows = await sql.query<Observed & { numero_interne: string }>(
      `SELECT numero_interne, changes::float8, exposure::float8, weight::float8,
         extract(epoch FROM now() - read_at)::float8 / 86400 AS since
       FROM watched_dossiers WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = ANY ($3)
       ORDER BY numero_interne COLLATE "C" FOR UPDATE`,
      [tenant, opcoId, reads.map((read) => read.numeroInterne)],
    );
    const observed = new Map(rows.map((row) => [row.numero_interne, row]));
    const set = reads.flatMap((read) => {
      const row = observed.get(read.numeroInterne);
      return row ? [{ ...next(read, row), numero: read.numeroInterne, hash: read.rowHash ?? null }] : [];
    });
    await sql.query(
      `UPDATE watched_dossiers w SET read_at = now(), changes = s.changes,
         next_read_at = CASE
           WHEN w.read_at IS NOT NULL AND w.next_read_at BETWEEN now() - make_interval(secs => $9) AND statement_timestamp()
           THEN w.next_read_at ELSE now() + make_interval(secs => s.seconds) END,
         exposure = s.exposure, weight = s.weight, row_hash = coalesce(s.hash, w.row_hash)
       FROM unnest($3::text[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::bytea[])
         AS s(numero, changes, exposure, weight, seconds, hash)
       WHERE w.tenant_hash = $1 AND w.opco_id = $2 AND w.numero_interne = s.numero`,
      [
        tenant,
        opcoId,
        set.map(({ numero }) => numero),
        set.map(({ changes }) => changes),
        set.map(({ exposure }) => exposure),
        set.map(({ weight }) => weight),
        set.map(({ inSeconds }) => inSeconds),
        set.map(({ hash }) => hash),
        ageSeconds,
      ],
    );
  }

  /** A detail that cannot be shown is asked again in an hour, or when the list points at it. */
  async postpone(tenant: TenantHash, { opcoId, numeroInterne }: DossierName, fence: Fence): Promise<void> {
    await this.within(tenant, async (sql) => {
      await sql.query(
        `UPDATE watched_dossiers SET next_read_at = now() + interval '1 hour'
         WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = $3`,
        [tenant, opcoId, numeroInterne],
      );
      await fence(sql);
    });
  }

  /**
   * Counts one more verified scan without those of the watched dossiers that it did not see, and none for those that it saw; gives
   * those that two scans in a row did not see, and the figures to judge them by.
   */
  countAbsences(tenant: TenantHash, opcoId: string, seen: ReadonlySet<string>, fence: Fence) {
    return this.within(tenant, async (sql) => {
      await sql.query(
        `SELECT 1 FROM watched_dossiers
         WHERE tenant_hash = $1 AND opco_id = $2 AND deleted_at IS NULL AND (missing_scans > 0 OR NOT numero_interne = ANY ($3))
         ORDER BY numero_interne COLLATE "C" FOR UPDATE`,
        [tenant, opcoId, [...seen]],
      );
      const rows = await sql.query<{ numero_interne: string; missing_scans: number }>(
        `UPDATE watched_dossiers SET missing_scans = CASE WHEN numero_interne = ANY ($3) THEN 0 ELSE missing_scans + 1 END
         WHERE tenant_hash = $1 AND opco_id = $2 AND deleted_at IS NULL AND (missing_scans > 0 OR NOT numero_interne = ANY ($3))
         RETURNING numero_interne, missing_scans`,
        [tenant, opcoId, [...seen]],
      );
      const [figures] = await sql.query<{ known: number; ended: number; lifted: boolean }>(
        `SELECT count(*) FILTER (WHERE deleted_at IS NULL)::int AS known,
           count(*) FILTER (WHERE deleted_at > now() - interval '1 day')::int AS ended,
           EXISTS (SELECT 1 FROM poll_targets WHERE tenant_hash = $1 AND opco_id = $2 AND brake_lifted_until > now()) AS lifted
         FROM watched_dossiers WHERE tenant_hash = $1 AND opco_id = $2`,
        [tenant, opcoId],
      );
      await fence(sql);
      const absent = rows.filter(({ missing_scans }) => missing_scans >= 2).map((row) => row.numero_interne);
      return { absent, known: figures?.known ?? 0, endedLately: figures?.ended ?? 0, lifted: figures?.lifted ?? false };
    });
  }

  /** The OPCO still has a dossier that its list lacks: its absences count from none again. */
  async forgetAbsence(tenant: TenantHash, { opcoId, numeroInterne }: DossierName, fence: Fence): Promise<void> {
    await this.within(tenant, async (sql) => {
      await sql.query(
        `UPDATE watched_dossiers SET missing_scans = 0 WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = $3`,
        [tenant, opcoId, numeroInterne],
      );
      await fence(sql);
    });
  }

  /** Pulls or releases the brake. Where that wrote anything `then` ends the transaction; `fresh`: it was not pulled before. */
  async brake(
    tenant: TenantHash,
    opcoId: string,
    missing: number | null,
    then: (sql: Sql, fresh: boolean) => Promise<void>,
  ): Promise<boolean> {
    return this.within(tenant, async (sql) => {
      const [row] = await sql.query<{ fresh: boolean }>(
        `UPDATE poll_targets p SET braked_missing = $3, braked_at = CASE WHEN $3::int IS NOT NULL THEN coalesce(p.braked_at, now()) END
         FROM (SELECT braked_at FROM poll_targets WHERE tenant_hash = $1 AND opco_id = $2 FOR UPDATE) was
         WHERE p.tenant_hash = $1 AND p.opco_id = $2 AND (p.braked_at IS NOT NULL OR $3::int IS NOT NULL)
         RETURNING was.braked_at IS NULL AS fresh`,
        [tenant, opcoId, missing],
      );
      if (!row) return false;
      await then(sql, row.fresh);
      return row.fresh;
    });
  }
}
