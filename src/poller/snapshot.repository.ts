import type { Dossier } from '../core/contract/dossier.js';
import type { TenantHash } from '../core/tenant.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import { canonicalForm, diff } from './diff.js';
import { pack, unpack } from './pack.js';

/** Which dossier of which OPCO. */
export interface DossierName {
  readonly opcoId: string;
  readonly numeroInterne: string;
}

/** What the OPCO shows of a dossier at this moment. */
export interface Sight {
  readonly name: DossierName;
  readonly dossier: Dossier;
}

/** A version that is kept of a dossier. */
export interface Snapshot {
  readonly version: number;
  readonly etat: string;
  readonly dossier: Dossier;
  /** The OPCO had it no longer after this version. */
  readonly deleted?: true;
}

/** A version as its row holds it. */
export interface SealedVersion {
  readonly version: number;
  readonly etat: string;
  readonly kind: 'seen' | 'deleted';
  readonly data_key_id: string;
  readonly content: string;
}

interface SnapshotRow extends SealedVersion {
  readonly content_hash: Buffer;
}

/** What became of a dossier that was read: nothing new, or a new version, with the one before unless it is the first. */
export type Kept = 'unchanged' | { readonly before?: Snapshot };

/**
 * What the OPCOs said of the dossiers, version by version, each sealed by the data key of its dossier. Versions are added, never
 * changed. The database gives each its instant and its link to the version before (migration 1764000031100), under the lock that
 * this repository takes first: one writer at a time per dossier.
 */
export class SnapshotRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly keys: DataKeys,
  ) {
    super(database);
  }

  /** How many dossiers are known and not gone. */
  async countKnown(tenant: TenantHash, opcoId: string): Promise<number> {
    const rows = await this.within(tenant, (sql) =>
      sql.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM watched_dossiers WHERE tenant_hash = $1 AND opco_id = $2 AND deleted_at IS NULL',
        [tenant, opcoId],
      ),
    );
    return rows[0]?.n ?? 0;
  }

  /**
   * Keeps the dossier as the next version when it means something else than the latest one, in a transaction of this tenant that
   * the caller has begun and will commit; `then` writes what follows from it.
   */
  async keepWithin(
    sql: Sql,
    tenant: TenantHash,
    { name, dossier }: Sight,
    then: (before?: Snapshot) => Promise<void>,
  ): Promise<Kept> {
    const hash = this.#hashOf(tenant, dossier);
    await lockDossier(sql, tenant, name);
    const [row, older] = await this.#latest(sql, tenant, name);
    if (row?.kind === 'seen' && row.content_hash.equals(hash)) return 'unchanged';
    const seen = row?.kind === 'deleted' ? older : row;
    const before = seen && (await this.open(sql, tenant, { ...name, ...seen }));
    // The hash is of another release's rules of noise.
    if (before && row?.kind === 'seen' && diff(before.dossier, dossier).length === 0) return 'unchanged';
    const told = before && row?.kind === 'deleted' ? { ...before, deleted: true as const } : before;
    const next = { ...name, version: (row?.version ?? 0) + 1, etat: dossier.cerfa.etat, kind: 'seen' as const };
    await this.#insert(sql, tenant, { ...next, hash, content: dossier, keyOf: before ? seen : undefined });
    await then(told);
    return told ? { before: told } : {};
  }

  /**
   * Ends the history of a dossier that the OPCO has no longer with a version that says so; `then` as in `keepWithin`. False when it is
   * not known, or ended already.
   */
  end(tenant: TenantHash, name: DossierName, then: (sql: Sql, before: Snapshot) => Promise<void>): Promise<boolean> {
    return this.within(tenant, async (sql) => {
      await lockDossier(sql, tenant, name);
      const [row] = await this.#latest(sql, tenant, name);
      const before = row?.kind === 'seen' && (await this.open(sql, tenant, { ...name, ...row }));
      if (!row || !before) return false;
      const next = { ...name, version: row.version + 1, etat: row.etat, kind: 'deleted' as const };
      await this.#insert(sql, tenant, { ...next, hash: this.#hashOf(tenant, null), content: null, keyOf: row });
      await then(sql, before);
      return true;
    });
  }

  /** What a version says; undefined when its key was erased. */
  async open(sql: Sql, tenant: TenantHash, row: SealedVersion & DossierName): Promise<Snapshot | undefined> {
    try {
      const key = await this.keys.open(sql, tenant, row.data_key_id);
      const dossier = unpack(key.unseal(row.content, placeOf(tenant, row))) as Dossier;
      return { version: row.version, etat: row.etat, dossier };
    } catch (error) {
      if (error instanceof UnsealError) return undefined;
      throw error;
    }
  }

  #hashOf(tenant: TenantHash, dossier: Dossier | null): Buffer {
    return this.keys.subjectIndex(tenant, `snapshot|${canonicalForm(dossier)}`);
  }

  async #latest(sql: Sql, tenant: TenantHash, { opcoId, numeroInterne }: DossierName): Promise<SnapshotRow[]> {
    return sql.query<SnapshotRow>(
      `SELECT version, etat, kind, data_key_id, content, content_hash FROM snapshots
       WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = $3 ORDER BY version DESC LIMIT 2`,
      [tenant, opcoId, numeroInterne],
    );
  }

  async #insert(sql: Sql, tenant: TenantHash, next: NextVersion): Promise<void> {
    const fresh = next.keyOf ? undefined : this.keys.fresh(tenant, `dossier|${next.opcoId}|${next.numeroInterne}`);
    const key = fresh ?? (await this.keys.open(sql, tenant, next.keyOf?.data_key_id ?? ''));
    await sql.query(
      `INSERT INTO snapshots (tenant_hash, opco_id, numero_interne, version, etat, kind, data_key_id, content, content_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        tenant,
        next.opcoId,
        next.numeroInterne,
        next.version,
        next.etat,
        next.kind,
        key.id,
        key.seal(pack(next.content), placeOf(tenant, next)),
        next.hash,
      ],
    );
    if (fresh) await this.keys.insert(sql, tenant, fresh);
  }
}

interface NextVersion extends DossierName {
  readonly version: number;
  readonly etat: string;
  readonly kind: 'seen' | 'deleted';
  readonly content: Dossier | null;
  readonly hash: Buffer;
  /** The version whose data key seals this one as well; a new key without it. */
  readonly keyOf: Pick<SealedVersion, 'data_key_id'> | undefined;
}

/** Until the end of the transaction nobody else writes a version of this dossier; the trigger takes the same lock. */
async function lockDossier(sql: Sql, tenant: TenantHash, { opcoId, numeroInterne }: DossierName): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `snapshot ${tenant} ${opcoId} ${numeroInterne}`,
  ]);
}

/** Waits for whoever is writing a version of this dossier at this moment, so that what is read stays true. */
export async function awaitWriters(
  sql: Sql,
  tenant: TenantHash,
  { opcoId, numeroInterne }: DossierName,
): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))', [
    `snapshot ${tenant} ${opcoId} ${numeroInterne}`,
  ]);
}

function placeOf(
  tenant: TenantHash,
  { opcoId, numeroInterne, version }: DossierName & { readonly version: number },
): string {
  return place('snapshots', 'content', JSON.stringify([opcoId, numeroInterne, version]), tenant);
}
