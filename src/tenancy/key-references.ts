import type { KeyCoverage } from '../platform/crypto/key-coverage.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import type { Database, Sql } from '../platform/database/database.js';
import { ringSealedColumns, type SealedColumn } from './sealed-columns.js';

/** How many values of a column one key seals. */
export interface KeyReference extends SealedColumn {
  /** As the stored values say; a damaged value may name any. */
  readonly keyId: string;
  readonly values: number;
}

/** SQL for the key id of a stored value; `data_keys` has an index on it. */
export const keyIdIn = (column: string): string => `split_part(${column}, '.', 2)`;

/** Counts every value that the key ring seals, by column and key id: reads the tables from end to end. */
export async function countReferences(sql: Sql): Promise<KeyReference[]> {
  const found: KeyReference[] = [];
  // Many millions of values may take longer than a request ever may.
  await sql.query('SET LOCAL statement_timeout = 0');
  for (const { table, column } of ringSealedColumns) {
    const rows = await sql.query<{ keyId: string; values: number }>(
      `SELECT ${keyIdIn(column)} AS "keyId", count(*)::int AS values FROM ${table}
       WHERE ${column} IS NOT NULL GROUP BY 1 ORDER BY 1`,
    );
    found.push(...rows.map((row) => ({ table, column, ...row })));
  }
  return found;
}

/** How many values that is in all. */
export function totalOf(references: readonly KeyReference[]): number {
  return references.reduce((sum, { values }) => sum + values, 0);
}

/**
 * Whether the ring opens all that this database holds. Only ids that once were active keys count (`keyring_checks`): a single
 * damaged value names a key that never was, and must not take the process down with it.
 */
export class StoredKeyCoverage implements KeyCoverage {
  constructor(
    private readonly database: Database,
    private readonly ring: KeyRing,
  ) {}

  /** One look at an index per key that was retired; none while no key was. */
  missing(): Promise<readonly string[]> {
    return this.database.asSystem(async (sql) => {
      const retired = await sql.query<{ id: string }>(
        'SELECT key_id AS id FROM keyring_checks WHERE key_id <> ALL($1::text[]) ORDER BY key_id',
        [this.ring.ids],
      );
      const missing: string[] = [];
      for (const { id } of retired) if (await isReferenced(sql, id)) missing.push(id);
      return missing;
    });
  }
}

async function isReferenced(sql: Sql, keyId: string): Promise<boolean> {
  for (const { table, column } of ringSealedColumns) {
    const rows = await sql.query(`SELECT 1 FROM ${table} WHERE ${keyIdIn(column)} = $1 LIMIT 1`, [keyId]);
    if (rows.length > 0) return true;
  }
  return false;
}
