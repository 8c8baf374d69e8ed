import type { Sql } from '../../platform/database/database.js';

/** Which instances no hub lets in, whoever leads; false where that is already so. */
export class HubRevocations {
  async revoke(sql: Sql, instance: string): Promise<boolean> {
    const rows = await sql.query('INSERT INTO hub_revoked (instance) VALUES ($1) ON CONFLICT DO NOTHING RETURNING 1', [
      instance,
    ]);
    return rows.length > 0;
  }

  async readmit(sql: Sql, instance: string): Promise<boolean> {
    const rows = await sql.query('DELETE FROM hub_revoked WHERE instance = $1 RETURNING 1', [instance]);
    return rows.length > 0;
  }
}
