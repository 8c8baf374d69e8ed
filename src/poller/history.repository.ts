import type { FieldDifference, HistoryPage, HistoryVersion, KnownVersion } from '../core/contract/history.js';
import { badCursor } from '../core/cursor.js';
import { fail } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import { differences } from './diff.js';
import { awaitWriters, type DossierName } from './dossier-locks.js';
import { patchOf } from './patch.js';
import type { SealedVersion, Snapshot, SnapshotRepository } from './snapshot.repository.js';

/** Which part of a history is wanted; `limit` from 1 to 200. */
export interface HistoryQuestion {
  readonly cursor?: string;
  readonly limit: number;
}

interface VersionRow extends SealedVersion {
  readonly observed_at: Date;
}

interface KnownRow extends VersionRow {
  readonly at: Date;
  readonly until: Date | null;
}

interface Opened extends VersionRow {
  /** Undefined once it was erased. */
  readonly snapshot: Snapshot | undefined;
}

const columns = 'version, etat, kind, data_key_id, content, observed_at';

/** What the OPCO said of a dossier and when, for its owner. What was erased is not there. */
export class HistoryRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly snapshots: Pick<SnapshotRepository, 'open'>,
  ) {
    super(database);
  }

  /** The versions, the newest first, each with what changed since the one before; NOT_FOUND when nothing is known. */
  async page(tenant: TenantHash, name: DossierName, { cursor, limit }: HistoryQuestion): Promise<HistoryPage> {
    const below = cursor === undefined ? null : readVersion(cursor);
    return this.within(tenant, async (sql) => {
      const rows = await sql.query<VersionRow>(
        `SELECT ${columns} FROM snapshots
         WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = $3 AND version < coalesce($4, 2147483647)
         ORDER BY version DESC LIMIT $5`,
        // One to compare the last of the page with, and one more: that one may be an end, which shows nothing.
        [tenant, name.opcoId, name.numeroInterne, below, limit + 2],
      );
      const opened: Opened[] = [];
      for (const row of rows)
        opened.push({ ...row, snapshot: await this.snapshots.open(sql, tenant, { ...name, ...row }) });
      const data = opened.slice(0, limit).flatMap((one, at) => viewOf(one, opened.slice(at + 1)));
      if (data.length === 0 && cursor === undefined) throw nothingKnown();
      const last = opened[limit - 1];
      return { data, nextCursor: opened.length > limit && last ? writeVersion(last.version) : null };
    });
  }

  /** The version that was known at an instant, the same for ever; NOT_FOUND when nothing was known then. */
  at(tenant: TenantHash, name: DossierName, instant: Date): Promise<KnownVersion> {
    return this.within(tenant, async (sql) => {
      await awaitWriters(sql, tenant, name);
      const row = await knownAt(sql, [tenant, name.opcoId, name.numeroInterne, withinReach(instant)]);
      const snapshot = row && (await this.snapshots.open(sql, tenant, { ...name, ...row }));
      if (!row || !snapshot) throw nothingKnown();
      return {
        ...head(row),
        at: row.at.toISOString(),
        until: row.until?.toISOString() ?? null,
        dossier: row.kind === 'deleted' ? null : snapshot.dossier,
      };
    });
  }
}

/** A statement of its own after the lock: it sees what the awaited writer has committed. */
async function knownAt(sql: Sql, values: readonly unknown[]): Promise<KnownRow | undefined> {
  const [row] = await sql.query<KnownRow>(
    `SELECT ${columns}, asked.at,
       (SELECT min(n.observed_at) FROM snapshots n WHERE n.tenant_hash = $1 AND n.opco_id = $2 AND n.numero_interne = $3
          AND n.version = s.version + 1) AS until
     FROM snapshots s CROSS JOIN (SELECT least($4::timestamptz, date_trunc('milliseconds', clock_timestamp())) AS at) asked
     WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = $3 AND observed_at <= $4
     ORDER BY version DESC LIMIT 1`,
    values,
  );
  return row;
}

/** Instants of versions have whole milliseconds; PostgreSQL knows no year 0. */
function withinReach(instant: Date): string {
  return new Date(Math.min(Math.max(instant.getTime(), 0), Date.UTC(9999, 11, 31))).toISOString();
}

function head({ version, observed_at, etat, kind }: VersionRow) {
  return { version, observedAt: observed_at.toISOString(), etat, deleted: kind === 'deleted' };
}

function viewOf(one: Opened, olderOnes: readonly Opened[]): HistoryVersion[] {
  if (!one.snapshot) return [];
  const [older, oldest] = olderOnes;
  // After an end, the version before that end is what a dossier that came back is compared with.
  const before = older?.kind === 'deleted' ? oldest?.snapshot : older?.snapshot;
  if (one.kind === 'deleted') return [{ ...head(one), changes: [], patch: [] }];
  if (one.version === 1) return [{ ...head(one), changes: [], patch: null }];
  if (!before) return [{ ...head(one), changes: null, patch: null }];
  const changes: FieldDifference[] = differences(before.dossier, one.snapshot.dossier);
  return [{ ...head(one), changes, patch: patchOf(before.dossier, one.snapshot.dossier) }];
}

const writeVersion = (version: number) => Buffer.from(`v${version}`).toString('base64url');

function readVersion(cursor: string): number {
  const [, version] = /^v([1-9]\d{0,8})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (version === undefined) throw badCursor();
  return Number(version);
}

function nothingKnown() {
  return fail('NOT_FOUND', { detail: 'Opcovia ne sait, ou ne savait alors, rien de ce dossier.' });
}
