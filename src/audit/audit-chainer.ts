import { type Clock, systemClock } from '../core/clock.js';
import type { Database, Sql } from '../platform/database/database.js';
import type { Leadership } from '../platform/database/leadership.js';
import {
  chainedColumns,
  chainStart,
  type ChainedRow,
  currentForm,
  linkOf,
  systemChain,
  unchainedActions,
} from './chain.js';

const duty = 'audit-chain';
const batchSize = 500;
/** So that one tick neither outlives its lease nor holds a stop up. */
const batchesPerTick = 20;
const sweepEveryMs = 60_000;

interface Head {
  readonly chain: string;
  readonly position: string;
  readonly hash: Buffer;
}

interface Links {
  readonly chains: string[];
  readonly positions: string[];
  readonly auditIds: string[];
  readonly hashes: Buffer[];
}

/**
 * Links committed audit rows into the chain of their tenant, so that no writer ever waits for another one's row.
 *
 *     row committed ──tick of the leader──▶ appended to its tenant's chain, in order of ids
 *          └─ committed late, below an id already chained ──sweep, each minute──▶ appended as well
 *
 * The position in the chain is what counts, not the id. A sweep looks back five minutes from the newest chained row: no
 * transaction of ours lives that long.
 */
export class AuditChainer {
  #sweptAt: number | undefined;

  constructor(
    private readonly database: Database,
    private readonly leadership: Leadership,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Chains what is due; gives the number of rows, 0 when another instance has the duty. */
  async tick(): Promise<number> {
    const now = this.clock.elapsed();
    const sweep = this.#sweptAt === undefined || now - this.#sweptAt >= sweepEveryMs;
    let above = await this.database.asSystem((sql) => (sweep ? settledBelow(sql) : newestChained(sql)));
    let chained = 0;
    for (let batch = 0; batch < batchesPerTick; batch++) {
      if (!(await this.leadership.hold(duty))) return chained;
      const rows = await this.database.asSystem((sql) => chainBatch(sql, above));
      chained += rows.length;
      above = rows.at(-1)?.id ?? above;
      if (rows.length < batchSize) break;
    }
    if (sweep) this.#sweptAt = now;
    return chained;
  }

  /** Lets another instance go on at once. */
  async stop(): Promise<void> {
    await this.leadership.resign(duty);
  }
}

async function chainBatch(sql: Sql, above: string): Promise<ChainedRow[]> {
  const rows = await sql.query<ChainedRow>(
    `SELECT ${chainedColumns} FROM audit_logs l
     WHERE l.id > $1 AND l.action <> ALL($2) AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.audit_id = l.id)
     ORDER BY l.id LIMIT ${batchSize}`,
    [above, unchainedActions],
  );
  if (rows.length === 0) return rows;
  const { chains, positions, auditIds, hashes } = link(rows, await headsOf(sql, rows));
  // Two leaders at once, after a lease ran out, would claim the same positions: the second one's transaction fails whole.
  await sql.query(
    `INSERT INTO audit_chain (tenant_hash, position, audit_id, hash, form)
     SELECT *, $5::smallint FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[])`,
    [chains, positions, auditIds, hashes, currentForm],
  );
  return rows;
}

async function newestChained(sql: Sql): Promise<string> {
  const [row] = await sql.query<{ id: string | null }>('SELECT max(audit_id)::text AS id FROM audit_chain');
  return row?.id ?? '0';
}

/** The id below which no transaction can be open any more: a sweep starts there. */
async function settledBelow(sql: Sql): Promise<string> {
  const [row] = await sql.query<{ id: string }>(
    `SELECT l.id::text AS id FROM audit_logs l,
       (SELECT n.id, n.at FROM audit_logs n WHERE n.id = (SELECT max(audit_id) FROM audit_chain)) AS newest
     WHERE l.id < newest.id AND l.at < newest.at - interval '5 minutes' ORDER BY l.id DESC LIMIT 1`,
  );
  return row?.id ?? '0';
}

async function headsOf(sql: Sql, rows: readonly ChainedRow[]): Promise<Map<string, Head>> {
  const chains = [...new Set(rows.map(chainOf))];
  const heads = await sql.query<Head>(
    `SELECT name AS chain, h.position::text AS position, h.hash FROM unnest($1::text[]) AS name
     CROSS JOIN LATERAL (
       SELECT c.position, c.hash FROM audit_chain c WHERE c.tenant_hash = name ORDER BY c.position DESC LIMIT 1) AS h`,
    [chains],
  );
  return new Map(heads.map((head) => [head.chain, head]));
}

function link(rows: readonly ChainedRow[], heads: Map<string, Head>): Links {
  const links: Links = { chains: [], positions: [], auditIds: [], hashes: [] };
  for (const row of rows) {
    const chain = chainOf(row);
    const head = heads.get(chain);
    const next = {
      chain,
      position: String(BigInt(head?.position ?? 0) + 1n),
      hash: linkOf(head?.hash ?? chainStart, row),
    };
    heads.set(chain, next);
    links.chains.push(chain);
    links.positions.push(next.position);
    links.auditIds.push(row.id);
    links.hashes.push(next.hash);
  }
  return links;
}

function chainOf(row: ChainedRow): string {
  return row.tenant_hash ?? systemChain;
}
