import type { TenantHash } from '../core/tenant.js';
import { place } from './place.js';

/** A column of sealed values in their stored form, `v1.<keyId>.…` (see sealed-box.ts). */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
}

/** A column that the key ring seals itself: what re-encryption walks, and what holds a key in the ring. */
export interface RingSealedColumn extends SealedColumn {
  /** What names a row, in the order of its index, with the SQL type of each part. */
  readonly id: readonly (readonly [name: string, type: 'uuid' | 'text'])[];
  /** Whether rows belong to a tenant (`tenant_hash`); the others belong to the installation. */
  readonly ofTenant: boolean;
}

const webhookId = [['id', 'uuid']] as const;

/** Every column that the key ring seals itself. Whoever seals takes its place from here (`placeIn`). */
export const ringSealed = {
  dataKey: { table: 'data_keys', column: 'wrapped', id: [['id', 'uuid']], ofTenant: true },
  opcoClientSecret: {
    table: 'opco_clients',
    column: 'sealed_secret',
    id: [
      ['opco_id', 'text'],
      ['environment', 'text'],
    ],
    ofTenant: false,
  },
  webhookSecret: { table: 'webhooks', column: 'sealed_secret', id: webhookId, ofTenant: true },
  webhookPreviousSecret: { table: 'webhooks', column: 'sealed_previous_secret', id: webhookId, ofTenant: true },
} as const satisfies Record<string, RingSealedColumn>;

/** The same as a list. */
export const ringSealedColumns: readonly RingSealedColumn[] = Object.values(ringSealed);

/** Columns sealed by a data key, which the stored form names: no rotation of the key ring touches them. */
export const dataKeySealedColumns: readonly SealedColumn[] = [
  { table: 'opco_credentials', column: 'sealed' },
  { table: 'jobs', column: 'payload' },
  { table: 'jobs', column: 'error' },
  { table: 'jobs', column: 'warnings' },
  { table: 'job_results', column: 'result' },
  { table: 'job_step_results', column: 'result' },
  { table: 'snapshots', column: 'content' },
  { table: 'watched_factures', column: 'content' },
];

/** The check value of each key that ever was active, sealed by that very key: never re-encrypted, holds no key in the ring. */
export const checkColumn: SealedColumn = { table: 'keyring_checks', column: 'sealed' };

/** Where a value of that column and row stands (AAD). The id has the parts that the column names. */
export function placeIn(column: RingSealedColumn, id: readonly string[], tenant: TenantHash | null): string {
  return place(column.table, column.column, id.join('/'), tenant);
}
