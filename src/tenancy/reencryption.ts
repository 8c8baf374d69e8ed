import type { AuditAction } from '../audit/actions.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import { OpcoviaError } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import type { Database, Sql } from '../platform/database/database.js';
import { countReferences, type KeyReference, keyIdIn, totalOf } from './key-references.js';
import { placeIn, type RingSealedColumn, ringSealedColumns, type SealedColumn } from './sealed-columns.js';

/** A stored value that did not open; it stays as it is. */
export interface Unopened extends SealedColumn {
  /** The row's id, its parts joined by `/`. */
  readonly id: string;
}

/** What re-encryption works with. */
export interface ReencryptionPorts {
  readonly database: Database;
  readonly ring: KeyRing;
  readonly audit: AuditTrail;
  /** Values per transaction: the rows stay locked for as long as these take. */
  readonly batch: number;
  /** Told after each batch: how many values the active key has sealed anew so far. */
  readonly onProgress: (reencrypted: number) => void;
  /** Told once of each value that does not open. */
  readonly onUnopened: (value: Unopened) => void;
}

/** How a run ended; done when `unopened` and `left` are both 0. */
export interface ReencryptionReport {
  readonly reencrypted: number;
  readonly unopened: number;
  /** Values that other work kept out of reach, or that an instance with another active key goes on writing. */
  readonly left: number;
}

type Row = Readonly<Record<string, string>> & { readonly tenant_hash: TenantHash | null; readonly sealed: string };

/** Passes before a run gives up on instances that still seal with an earlier key. */
const maxPasses = 10;

/**
 * Seals anew, under the active key, all that other keys of the ring sealed. It keeps no position of its own: what is left to
 * do is what the stored values say, so a killed run is simply started again, and several may run at once.
 *
 *     pass 1: walk each column by id, in batches; rows that somebody holds are passed over
 *     pass 2 and on, while something is left: the same, waiting for whoever holds a row
 */
export class Reencryption {
  readonly #unopened = new Set<string>();
  #done = 0;

  constructor(private readonly ports: ReencryptionPorts) {}

  /** Writes an audit row at the start and one at the end. */
  async run(): Promise<ReencryptionReport> {
    let others = await this.#ofOtherKeys();
    await this.#trace('keyring.reencryption_started', 'ok', { values: totalOf(others) });
    let left = 0;
    for (let pass = 1; pass <= maxPasses; pass++) {
      for (const column of ringSealedColumns) await this.#walk(column, keysOf(others, column), pass > 1);
      others = await this.#ofOtherKeys();
      left = Math.max(0, totalOf(others) - this.#unopened.size);
      if (left === 0) break;
    }
    const report = { reencrypted: this.#done, unopened: this.#unopened.size, left };
    const complete = report.unopened === 0 && left === 0;
    await this.#trace('keyring.reencrypted', complete ? 'ok' : 'incomplete', report);
    return report;
  }

  /** Those that do not open are among them. */
  async #ofOtherKeys(): Promise<KeyReference[]> {
    const all = await this.ports.database.asSystem(countReferences);
    return all.filter(({ keyId }) => keyId !== this.ports.ring.activeId);
  }

  async #walk(column: RingSealedColumn, keyIds: readonly string[], patient: boolean): Promise<void> {
    let after: readonly string[] | undefined = keyIds.length > 0 ? [] : undefined;
    while (after) {
      const from: readonly string[] = after;
      after = await this.ports.database
        .asSystem((sql) => this.#batch(sql, column, { keyIds, from, patient }))
        .catch((error: unknown) => endOfPatience(error, patient));
      this.ports.onProgress(this.#done);
    }
  }

  /** Gives the id of the last row seen; undefined after the last one. */
  async #batch(sql: Sql, column: RingSealedColumn, { keyIds, from, patient }: Stretch): Promise<string[] | undefined> {
    const names = column.id.map(([name]) => `t.${name}`).join(', ');
    const rows = await sql.query<Row>(
      `SELECT ${names}, ${column.ofTenant ? 't.tenant_hash' : 'NULL AS tenant_hash'}, t.${column.column} AS sealed
       FROM ${column.table} t WHERE ${keyIdIn(`t.${column.column}`)} = ANY($1::text[])
       ${from.length > 0 ? `AND (${names}) > (${from.map((_, at) => `$${at + 3}`).join(', ')})` : ''}
       ORDER BY ${names} LIMIT $2 FOR UPDATE${patient ? '' : ' SKIP LOCKED'}`,
      [keyIds, this.ports.batch, ...from],
    );
    const fresh = rows.flatMap((row) => this.#sealAnew(column, row));
    if (fresh.length > 0) this.#done += await replace(sql, column, fresh);
    const last = rows.at(-1);
    return last && idOf(column, last);
  }

  #sealAnew(column: RingSealedColumn, row: Row): Replacement[] {
    const { ring } = this.ports;
    const id = idOf(column, row);
    const at = placeIn(column, id, row.tenant_hash);
    try {
      const plaintext = ring.unseal(row.sealed, at);
      const fresh = ring.seal(plaintext, at);
      plaintext.fill(0);
      return [{ id, old: row.sealed, fresh }];
    } catch {
      this.#isolate(column, id.join('/'));
      return [];
    }
  }

  #isolate({ table, column }: SealedColumn, id: string): void {
    const name = `${table}.${column} ${id}`;
    if (this.#unopened.has(name)) return;
    this.#unopened.add(name);
    this.ports.onUnopened({ table, column, id });
  }

  #trace(action: AuditAction, result: string, details: Readonly<Record<string, number>>): Promise<void> {
    const { audit, database, ring } = this.ports;
    const object = `keyring:${ring.activeId}`;
    return database.asSystem((sql) =>
      audit.write(sql, { tenant: null, actor: 'cli', action, object, result, details }),
    );
  }
}

interface Stretch {
  /** The keys whose values are sealed anew. */
  readonly keyIds: readonly string[];
  /** The id after which to go on; empty at the beginning. */
  readonly from: readonly string[];
  readonly patient: boolean;
}

interface Replacement {
  readonly id: readonly string[];
  readonly old: string;
  readonly fresh: string;
}

const keysOf = (references: readonly KeyReference[], of: SealedColumn): string[] =>
  references.filter(({ table, column }) => table === of.table && column === of.column).map(({ keyId }) => keyId);

const idOf = (column: RingSealedColumn, row: Row): string[] => column.id.map(([name]) => row[name] ?? '');

/** Whoever holds a row may hold it for longer than PostgreSQL lets us wait: the column has its turn again in the next pass. */
function endOfPatience(error: unknown, patient: boolean): undefined {
  if (!patient || !(error instanceof OpcoviaError) || error.code !== 'SERVICE_UNAVAILABLE') throw error;
}

/** Puts new values where the old ones still stand; gives how many did. */
async function replace(sql: Sql, column: RingSealedColumn, rows: readonly Replacement[]): Promise<number> {
  const arrays = column.id.map(([, type], at) => `$${at + 3}::${type}[]`).join(', ');
  const names = column.id.map(([name]) => name).join(', ');
  const same = column.id.map(([name]) => `t.${name} = v.${name}`).join(' AND ');
  const replaced = await sql.query(
    `UPDATE ${column.table} t SET ${column.column} = v.fresh
     FROM unnest($1::text[], $2::text[], ${arrays}) AS v(old, fresh, ${names})
     WHERE ${same} AND t.${column.column} = v.old RETURNING 1`,
    [
      rows.map(({ old }) => old),
      rows.map(({ fresh }) => fresh),
      ...column.id.map((_, at) => rows.map(({ id }) => id[at])),
    ],
  );
  return replaced.length;
}
