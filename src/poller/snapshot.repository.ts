import type { Dossier } from '../core/contract/dossier.js';
import type { TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import { canonicalForm } from './diff.js';

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

/** The latest version that is kept of a dossier. */
export interface Snapshot {
  readonly version: number;
  readonly etat: string;
  readonly dossier: Dossier;
}

interface SnapshotRow {
  readonly version: number;
  readonly etat: string;
  readonly data_key_id: string;
  readonly content: string;
  readonly content_hash: Buffer;
}

/** What became of a dossier that was read: nothing new, or a new version, with the one before unless it is the first. */
export type Kept = 'unchanged' | { readonly before?: Snapshot };

/**
 * What the OPCOs said of the dossiers, version by version, each sealed by a data key of its dossier. Versions are added,
 * never changed.
 */
export class SnapshotRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly keys: DataKeys,
  ) {
    super(database);
  }

  /** The latest known state of those of these dossiers that are known. */
  async etats(tenant: TenantHash, opcoId: string, numerosInternes: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.within(tenant, (sql) =>
      sql.query<{ numero_interne: string; etat: string }>(
        `SELECT DISTINCT ON (numero_interne) numero_interne, etat FROM snapshots
         WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = ANY ($3)
         ORDER BY numero_interne, version DESC`,
        [tenant, opcoId, numerosInternes],
      ),
    );
    return new Map(rows.map((row) => [row.numero_interne, row.etat]));
  }

  /** Of how many dossiers a version is kept. */
  async countKnown(tenant: TenantHash, opcoId: string): Promise<number> {
    const rows = await this.within(tenant, (sql) =>
      sql.query<{ n: number }>(
        'SELECT count(DISTINCT numero_interne)::int AS n FROM snapshots WHERE tenant_hash = $1 AND opco_id = $2',
        [tenant, opcoId],
      ),
    );
    return rows[0]?.n ?? 0;
  }

  /**
   * Keeps the dossier as the next version when it means something else than the latest one; `then` writes what follows
   * from it in the same transaction.
   */
  keep(
    tenant: TenantHash,
    name: DossierName,
    dossier: Dossier,
    then: (sql: Sql, before?: Snapshot) => Promise<void>,
  ): Promise<Kept> {
    return this.within(tenant, (sql) => this.keepWithin(sql, tenant, { name, dossier }, (before) => then(sql, before)));
  }

  /** As `keep`, in a transaction of this tenant that the caller has begun and will commit. */
  async keepWithin(
    sql: Sql,
    tenant: TenantHash,
    { name, dossier }: Sight,
    then: (before?: Snapshot) => Promise<void>,
  ): Promise<Kept> {
    const hash = this.keys.subjectIndex(tenant, `snapshot|${canonicalForm(dossier)}`);
    const row = await this.#latest(sql, tenant, name);
    if (row?.content_hash.equals(hash)) return 'unchanged';
    const before = row && (await this.#open(sql, tenant, { ...name, ...row }));
    const version = (row?.version ?? 0) + 1;
    if (!(await this.#insert(sql, tenant, { ...name, version, dossier, hash }))) return 'unchanged';
    await then(before);
    return before ? { before } : {};
  }

  async #latest(
    sql: Sql,
    tenant: TenantHash,
    { opcoId, numeroInterne }: DossierName,
  ): Promise<SnapshotRow | undefined> {
    const [row] = await sql.query<SnapshotRow>(
      `SELECT version, etat, data_key_id, content, content_hash FROM snapshots
       WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = $3 ORDER BY version DESC LIMIT 1`,
      [tenant, opcoId, numeroInterne],
    );
    return row;
  }

  async #open(sql: Sql, tenant: TenantHash, row: SnapshotRow & DossierName): Promise<Snapshot> {
    const key = await this.keys.open(sql, tenant, row.data_key_id);
    const dossier = JSON.parse(key.unseal(row.content, placeOf(tenant, row)).toString('utf8')) as Dossier;
    return { version: row.version, etat: row.etat, dossier };
  }

  /** False when another process was first with this version. */
  async #insert(sql: Sql, tenant: TenantHash, next: NextVersion): Promise<boolean> {
    const key = this.keys.fresh(tenant, `dossier|${next.opcoId}|${next.numeroInterne}`);
    const content = key.seal(JSON.stringify(next.dossier), placeOf(tenant, next));
    const rows = await sql.query(
      `INSERT INTO snapshots (tenant_hash, opco_id, numero_interne, version, etat, data_key_id, content, content_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING version`,
      [tenant, next.opcoId, next.numeroInterne, next.version, next.dossier.cerfa.etat, key.id, content, next.hash],
    );
    if (rows.length === 0) return false;
    await this.keys.insert(sql, tenant, key);
    return true;
  }
}

interface NextVersion extends DossierName {
  readonly version: number;
  readonly dossier: Dossier;
  readonly hash: Buffer;
}

function placeOf(
  tenant: TenantHash,
  { opcoId, numeroInterne, version }: DossierName & { readonly version: number },
): string {
  return place('snapshots', 'content', JSON.stringify([opcoId, numeroInterne, version]), tenant);
}
