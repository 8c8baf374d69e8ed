import type { Database, Sql } from '../platform/database/database.js';
import {
  chainedColumns,
  chainStart,
  type ChainedRow,
  type LinkForm,
  linkOf,
  systemChain,
  unchainedActions,
} from './chain.js';

/** Why a chain does not hold, at its first bad position. */
export interface ChainFault {
  readonly position: number;
  /** The id in `audit_logs`, where it is known. */
  readonly auditId?: string;
  /**
   * `edited`: the row is not the one that was chained. `deleted`: the row is gone. `link-missing`: the chain itself lacks this
   * position. `inserted`: a row stands below this position that was never chained, though its time has passed.
   */
  readonly kind: 'edited' | 'deleted' | 'link-missing' | 'inserted';
}

/** The state of one chain. */
export interface ChainReport {
  /** A tenant hash, or `system`. */
  readonly chain: string;
  readonly verified: number;
  /** Rows that the chainer has not reached yet. */
  readonly waiting: number;
  /** Hex of the last good link: kept elsewhere, it proves later that nothing before it was cut off. */
  readonly head: string;
  readonly fault?: ChainFault;
}

interface LinkRow extends ChainedRow {
  readonly position: string;
  readonly audit_id: string;
  readonly hash: Buffer;
  readonly form: LinkForm;
  readonly present: boolean;
}

const batchSize = 2000;

/** Walks the chain of every tenant, or of one, and compares each link with its row. Reads only. */
export async function verifyChains(database: Database, only?: string): Promise<ChainReport[]> {
  const reports: ChainReport[] = [];
  for (const chain of only === undefined ? await chainNames(database) : [only]) {
    reports.push(await verifyChain(database, chain));
  }
  return reports;
}

async function chainNames(database: Database): Promise<string[]> {
  const names = await database.asSystem((sql) =>
    sql.query<{ chain: string }>(
      'SELECT tenant_hash AS chain FROM tenants UNION SELECT $1 UNION SELECT tenant_hash FROM audit_chain ORDER BY 1',
      [systemChain],
    ),
  );
  return names.map(({ chain }) => chain);
}

async function verifyChain(database: Database, chain: string): Promise<ChainReport> {
  const stray = await database.asSystem((sql) => findStray(sql, chain));
  let verified = 0;
  let previous: Buffer = chainStart;
  for (;;) {
    const rows = await database.asSystem((sql) => readLinks(sql, chain, verified));
    for (const row of rows) {
      const fault = faultOf(row, verified + 1, previous) ?? strayBefore(row, stray.inserted, verified + 1);
      if (fault) return { chain, verified, waiting: stray.waiting, head: previous.toString('hex'), fault };
      previous = row.hash;
      verified++;
    }
    if (rows.length < batchSize) break;
  }
  const report = { chain, verified, waiting: stray.waiting, head: previous.toString('hex') };
  if (stray.inserted === undefined) return report;
  return { ...report, fault: { position: verified + 1, auditId: stray.inserted, kind: 'inserted' } };
}

function faultOf(row: LinkRow, expected: number, previous: Buffer): ChainFault | undefined {
  if (row.position !== String(expected)) return { position: expected, kind: 'link-missing' };
  if (!row.present) return { position: expected, auditId: row.audit_id, kind: 'deleted' };
  if (linkOf(previous, row, row.form).equals(row.hash)) return undefined;
  return { position: expected, auditId: row.audit_id, kind: 'edited' };
}

/** A row that should have been chained by now stands where the ids reach past it. */
function strayBefore(row: LinkRow, inserted: string | undefined, position: number): ChainFault | undefined {
  if (inserted === undefined || BigInt(inserted) > BigInt(row.audit_id)) return undefined;
  return { position, auditId: inserted, kind: 'inserted' };
}

function readLinks(sql: Sql, chain: string, after: number): Promise<LinkRow[]> {
  return sql.query<LinkRow>(
    `SELECT c.position::text AS position, c.audit_id::text AS audit_id, c.hash, c.form, l.id IS NOT NULL AS present, ${chainedColumns}
     FROM audit_chain c LEFT JOIN audit_logs l ON l.id = c.audit_id
     WHERE c.tenant_hash = $1 AND c.position > $2 ORDER BY c.position LIMIT ${batchSize}`,
    [chain, after],
  );
}

/** Rows outside the chain: young ones wait for the chainer; one much older than the newest chained row was slipped in. */
async function findStray(sql: Sql, chain: string): Promise<{ waiting: number; inserted?: string }> {
  const [row] = await sql.query<{ waiting: number; inserted: string | null }>(
    `WITH newest AS (
       SELECT l.id, l.at FROM audit_logs l
       WHERE l.id = (SELECT max(audit_id) FROM audit_chain c WHERE c.tenant_hash = $1)
     )
     SELECT (count(*) FILTER (WHERE NOT stray))::int AS waiting, min(id) FILTER (WHERE stray)::text AS inserted
     FROM (
       SELECT l.id, coalesce(l.id < newest.id AND l.at < newest.at - interval '10 minutes', false) AS stray
       FROM audit_logs l LEFT JOIN newest ON true
       WHERE coalesce(l.tenant_hash, '${systemChain}') = $1 AND l.action <> ALL($2)
         AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.audit_id = l.id)
     ) AS outside`,
    [chain, unchainedActions],
  );
  return { waiting: row?.waiting ?? 0, ...(row?.inserted && { inserted: row.inserted }) };
}
