import type { TenantHash } from '../core/tenant.js';

/**
 * The place that a sealed value is bound to (AAD): table, column, row and tenant. Copied to another row, column or tenant the
 * value does not open. Pass `null` for rows of the installation as a whole.
 */
export function place(table: string, column: string, rowId: string, tenant: TenantHash | null): string {
  return `${table}|${column}|${rowId}|${tenant ?? ''}`;
}
