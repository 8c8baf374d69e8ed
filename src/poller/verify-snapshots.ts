import { createHash } from 'node:crypto';
import type { Database, Sql } from '../platform/database/database.js';

/** Why the chain of a dossier does not hold, at its first bad version. */
export interface SnapshotFault {
  readonly opcoId: string;
  readonly numeroInterne: string;
  readonly version: number;
  /**
   * `edited`: the row is not the one that was chained. `missing`: a version is gone from the middle, or from the front without a
   * purge. `cut`: the newest versions are gone, or are not the ones that were noted.
   */
  readonly kind: 'edited' | 'missing' | 'cut';
}

/** The chains of one tenant. */
export interface SnapshotReport {
  readonly tenant: string;
  readonly dossiers: number;
  readonly versions: number;
  /** Hex digest over the last links of all dossiers: kept elsewhere, it proves later that none was rewritten. */
  readonly digest: string;
  readonly faults: readonly SnapshotFault[];
}

interface ChainRow {
  readonly opco_id: string;
  readonly numero_interne: string;
  readonly last_version: number;
  readonly head: Buffer | null;
  readonly cut_version: number;
  readonly cut_link: Buffer | null;
  /** Null for a dossier none of whose versions is left. */
  readonly version: number | null;
  readonly link: Buffer;
  /** The fields of the link, as the migration 1764000031100 orders them. */
  readonly fields: readonly string[];
}

const start = Buffer.alloc(32);
const batch = 1000;

/** The link of a version: sha256 over the link before and each field as its length in bytes, `:`, its text and `;`. docs/history.md repeats this. */
export function snapshotLink(previous: Buffer, fields: readonly string[]): Buffer {
  const hash = createHash('sha256').update(previous);
  for (const field of fields) hash.update(`${Buffer.byteLength(field)}:${field};`);
  return hash.digest();
}

/** Walks the versions of every dossier of a tenant; reads only, opens nothing. */
export async function verifySnapshots(database: Database, tenant: string): Promise<SnapshotReport> {
  const walk = new Walk();
  for (let after: readonly unknown[] = ['', '', 0]; ;) {
    const rows = await database.asSystem((sql) => readRows(sql, tenant, after));
    for (const row of rows) walk.take(row);
    const last = rows.at(-1);
    if (!last || rows.length < batch) return { tenant, ...walk.report() };
    after = [last.opco_id, last.numero_interne, last.version ?? 0];
  }
}

class Walk {
  #dossiers = 0;
  #versions = 0;
  readonly #digest = createHash('sha256');
  readonly #faults: SnapshotFault[] = [];
  #at: ChainRow | undefined;
  /** Version and link of the row before, within one dossier. */
  #version = 0;
  #link: Buffer = start;
  #broken = false;

  take(row: ChainRow): void {
    if (row.opco_id !== this.#at?.opco_id || row.numero_interne !== this.#at.numero_interne) this.#begin(row);
    this.#at = row;
    if (row.version === null || this.#broken) return;
    if (row.version !== this.#version + 1) return this.#fault(this.#version + 1, 'missing');
    if (!snapshotLink(this.#link, row.fields).equals(row.link)) return this.#fault(row.version, 'edited');
    this.#version = row.version;
    this.#link = row.link;
    this.#versions++;
  }

  report(): Omit<SnapshotReport, 'tenant'> {
    this.#end();
    const digest = this.#digest.digest('hex');
    return { dossiers: this.#dossiers, versions: this.#versions, digest, faults: this.#faults };
  }

  #begin(row: ChainRow): void {
    this.#end();
    this.#dossiers++;
    this.#version = row.cut_version;
    this.#link = row.cut_link ?? start;
    this.#broken = false;
  }

  #end(): void {
    if (!this.#at) return;
    const { last_version, head } = this.#at;
    const whole = this.#version === last_version && (head?.equals(this.#link) ?? last_version === 0);
    if (!this.#broken && !whole) this.#fault(this.#version + 1, 'cut');
    this.#digest.update(this.#link);
  }

  #fault(version: number, kind: SnapshotFault['kind']): void {
    if (!this.#at) return;
    this.#faults.push({ opcoId: this.#at.opco_id, numeroInterne: this.#at.numero_interne, version, kind });
    this.#broken = true;
  }
}

/** Both ways, so that a dossier without versions is seen, and versions without a dossier too. */
function readRows(sql: Sql, tenant: string, after: readonly unknown[]): Promise<ChainRow[]> {
  return sql.query<ChainRow>(
    `SELECT opco_id, numero_interne, coalesce(w.last_version, 0) AS last_version, w.head,
       coalesce(w.cut_version, 0) AS cut_version, w.cut_link, s.version, s.link,
       ARRAY[s.tenant_hash, opco_id, numero_interne, s.version::text, s.kind, s.etat, s.data_key_id::text,
         to_char(s.observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), encode(s.content_hash, 'hex'), s.content] AS fields
     FROM (SELECT * FROM snapshots WHERE tenant_hash = $1) s
     FULL JOIN (SELECT * FROM watched_dossiers WHERE tenant_hash = $1) w USING (opco_id, numero_interne)
     WHERE (opco_id, numero_interne, coalesce(s.version, 0)) > ($2, $3, $4)
     ORDER BY opco_id, numero_interne, coalesce(s.version, 0) LIMIT ${batch}`,
    [tenant, ...after],
  );
}
