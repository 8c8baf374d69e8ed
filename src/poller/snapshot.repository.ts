import type { Dossier } from '../core/contract/dossier.js';
import type { TenantHash } from '../core/tenant.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { DataKeys, FreshKey } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import { canonicalForm, diff } from './diff.js';
import { lockDossiers, lockWatched, readAgain, type DossierName } from './dossier-locks.js';
import { pack, unpack } from './pack.js';

export type { DossierName } from './dossier-locks.js';

/** What the OPCO has shown of a dossier. */
export interface Sight {
  readonly name: DossierName;
  readonly dossier: Dossier;
  /** How long ago it was asked; absent where nobody else can have read the dossier since. */
  readonly ageSeconds?: number;
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
  /** Kept since the sight in question was asked for. */
  readonly later: boolean | null;
}

/** What became of a dossier that was read: nothing new, or a new version, with the one before unless it is the first. */
export type Kept = 'unchanged' | { readonly before?: Snapshot };

/** A version that was just kept, and the one before unless it is the first. */
export interface KeptVersion {
  readonly sight: Sight;
  readonly before: Snapshot | undefined;
}

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
   * Keeps each dossier as its next version when it means something else than the latest one, in a transaction of this tenant that the
   * caller has begun and will commit; each at most once, in the order of their numbers, as bytes, which is the one in which others lock
   * them. `then` runs once, with the new versions, if there are any, and writes what follows. What became of each, in their order. A
   * sight that may be older than the latest version changes nothing, or history would go back and forth: it is read again soon.
   */
  async keepAllWithin(
    sql: Sql,
    tenant: TenantHash,
    sights: readonly Sight[],
    then: (versions: readonly KeptVersion[]) => Promise<void>,
  ): Promise<Kept[]> {
    if (sights.length === 0) return [];
    const judged: (NewVersion | undefined)[] = [];
    for (const moved of await this.#moved(sql, tenant, sights))
      judged.push(moved && (await this.#judge(sql, tenant, moved)));
    const news = judged.filter((each) => each !== undefined);
    const versions = news.map(({ next }) => next);
    if (versions.length > 0) await this.#insert(sql, tenant, versions);
    if (versions.length > 0) await then(news);
    return judged.map((each) => (each ? (each.before ? { before: each.before } : {}) : 'unchanged'));
  }

  /** Those that differ from their latest version at first glance, under their lock, with their keys at hand. */
  async #moved(sql: Sql, tenant: TenantHash, sights: readonly Sight[]): Promise<(Moved | undefined)[]> {
    const names = sights.map(({ name }) => name);
    await lockDossiers(sql, tenant, names);
    // All of them before the trigger locks those that have changed: the clocks of the others are set afterwards.
    await lockWatched(sql, tenant, names);
    const latest = await this.#latest(sql, tenant, sights);
    const outdated: DossierName[] = [];
    const moved = sights.map((sight, at) => {
      const [hash, rows = []] = [this.#hashOf(tenant, sight.dossier), latest[at]];
      if (rows[0]?.kind === 'seen' && rows[0].content_hash.equals(hash)) return undefined;
      if (!rows[0]?.later) return { sight, hash, rows };
      outdated.push(sight.name);
      return undefined;
    });
    if (outdated.length > 0) await readAgain(sql, tenant, outdated);
    const keyIds = moved.flatMap((each) => each?.rows.map((row) => row.data_key_id) ?? []);
    await this.keys.fetch(sql, tenant, keyIds);
    return moved;
  }

  /** What is to be kept of it; undefined when it means the same as the latest version after all. */
  async #judge(sql: Sql, tenant: TenantHash, { sight, hash, rows }: Moved): Promise<NewVersion | undefined> {
    const { name, dossier } = sight;
    const [row, older] = rows;
    const seen = row?.kind === 'deleted' ? older : row;
    const before = seen && (await this.open(sql, tenant, { ...name, ...seen }));
    // The hash is of another release's rules of noise.
    if (before && row?.kind === 'seen' && diff(before.dossier, dossier).length === 0) return undefined;
    const told = before && row?.kind === 'deleted' ? { ...before, deleted: true as const } : before;
    const next = { ...name, version: (row?.version ?? 0) + 1, etat: dossier.cerfa.etat, kind: 'seen' as const };
    return { sight, before: told, next: { ...next, hash, content: dossier, keyOf: before ? seen : undefined } };
  }

  /**
   * Ends the history of a dossier that the OPCO has no longer with a version that says so; `then` writes what follows. False when it is
   * not known, or ended already.
   */
  end(tenant: TenantHash, name: DossierName, then: (sql: Sql, before: Snapshot) => Promise<void>): Promise<boolean> {
    return this.within(tenant, async (sql) => {
      await lockDossiers(sql, tenant, [name]);
      const [[row] = []] = await this.#latest(sql, tenant, [{ name }]);
      const before = row?.kind === 'seen' && (await this.open(sql, tenant, { ...name, ...row }));
      if (!row || !before) return false;
      const next = { ...name, version: row.version + 1, etat: row.etat, kind: 'deleted' as const };
      await this.#insert(sql, tenant, [{ ...next, hash: this.#hashOf(tenant, null), content: null, keyOf: row }]);
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

  /** The two latest versions of each, the newest first. */
  async #latest(
    sql: Sql,
    tenant: TenantHash,
    sights: readonly Pick<Sight, 'name' | 'ageSeconds'>[],
  ): Promise<SnapshotRow[][]> {
    const rows = await sql.query<SnapshotRow & { place: number }>(
      `SELECT n.place::int, s.version, s.etat, s.kind, s.data_key_id, s.content, s.content_hash,
         s.observed_at > now() - make_interval(secs => n.age) AS later
       FROM unnest($2::text[], $3::text[], $4::float8[]) WITH ORDINALITY AS n(opco, numero, age, place) CROSS JOIN LATERAL (
         SELECT * FROM snapshots WHERE tenant_hash = $1 AND opco_id = n.opco AND numero_interne = n.numero
         ORDER BY version DESC LIMIT 2) s
       ORDER BY n.place, s.version DESC`,
      [
        tenant,
        sights.map(({ name }) => name.opcoId),
        sights.map(({ name }) => name.numeroInterne),
        sights.map(({ ageSeconds }) => ageSeconds ?? null),
      ],
    );
    const latest: SnapshotRow[][] = sights.map(() => []);
    for (const row of rows) latest[row.place - 1]?.push(row);
    return latest;
  }

  async #insert(sql: Sql, tenant: TenantHash, versions: readonly NextVersion[]): Promise<void> {
    const fresh: FreshKey[] = [];
    const rows: { keyId: string; content: string }[] = [];
    for (const next of versions) {
      const made = next.keyOf ? undefined : this.keys.fresh(tenant, `dossier|${next.opcoId}|${next.numeroInterne}`);
      const key = made ?? (await this.keys.open(sql, tenant, next.keyOf?.data_key_id ?? ''));
      if (made) fresh.push(made);
      rows.push({ keyId: key.id, content: key.seal(pack(next.content), placeOf(tenant, next)) });
    }
    await sql.query(
      `INSERT INTO snapshots (tenant_hash, opco_id, numero_interne, version, etat, kind, data_key_id, content, content_hash)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::bytea[])`,
      [
        tenant,
        versions.map(({ opcoId }) => opcoId),
        versions.map(({ numeroInterne }) => numeroInterne),
        versions.map(({ version }) => version),
        versions.map(({ etat }) => etat),
        versions.map(({ kind }) => kind),
        rows.map(({ keyId }) => keyId),
        rows.map(({ content }) => content),
        versions.map(({ hash }) => hash),
      ],
    );
    if (fresh.length > 0) await this.keys.insertAll(sql, tenant, fresh);
  }
}

interface Moved {
  readonly sight: Sight;
  readonly hash: Buffer;
  readonly rows: readonly SnapshotRow[];
}

interface NewVersion extends KeptVersion {
  readonly next: NextVersion;
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

function placeOf(
  tenant: TenantHash,
  { opcoId, numeroInterne, version }: DossierName & { readonly version: number },
): string {
  return place('snapshots', 'content', JSON.stringify([opcoId, numeroInterne, version]), tenant);
}
