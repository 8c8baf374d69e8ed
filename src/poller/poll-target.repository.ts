import { randomUUID } from 'node:crypto';
import { readTenantHash, type Environment, type Tenant } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import type { FacturesReading } from './poll.js';

/** A tenant at an OPCO that this process polls for a while. */
export interface ClaimedTarget {
  readonly tenant: Tenant;
  readonly opcoId: string;
  /** By PostgreSQL's clock. */
  readonly claimedAt: string;
  /** Of this claim alone: a claim that ran out cannot be ended by its former holder. */
  readonly claim: string;
  /** Polls in a row that failed. */
  readonly failures: number;
  readonly tellDiscovered: boolean;
  /** Tenants of its environment that are polled at this OPCO: the rate is theirs together. */
  readonly sharedBy: number;
  readonly factures: FacturesTarget;
}

/** What is known of the list of invoices of a target. */
export interface FacturesTarget {
  readonly due: boolean;
  /** It was seen whole before. */
  readonly allKnown: boolean;
  /** Calls that it took the last time; 0 when it was never read. */
  readonly calls: number;
}

/** How a poll ended; each says when the next one is due. */
export type PollEnd =
  /** `allKnown`: the list was seen to its end, and every dossier of it is kept. */
  | { readonly outcome: 'done'; readonly nextInSeconds: number; readonly allKnown: boolean }
  | { readonly outcome: 'failed'; readonly nextInSeconds: number }
  /** Neither success nor failure: the budget was spent, or the process stops. */
  | { readonly outcome: 'postponed'; readonly nextInSeconds: number }
  | { readonly outcome: 'paused'; readonly nextInSeconds: number; readonly reason: string };

/** How many tenants are polled by one rate, which an OPCO has for each environment; SQL expressions. */
const sharers = (opco: string, environment: string) => `(
  SELECT count(*)::int FROM poll_targets o JOIN tenants t ON t.tenant_hash = o.tenant_hash AND t.suspended_at IS NULL
  WHERE o.opco_id = ${opco} AND t.environment = ${environment} AND o.stopped_at IS NULL AND o.paused_reason IS NULL)`;

interface TargetRow {
  readonly tenant_hash: string;
  readonly opco_id: string;
  readonly failures: number;
  readonly weight: number;
  readonly nom: string;
  readonly environment: Environment;
  readonly tell_discovered: boolean;
  readonly shared_by: number;
  readonly factures: FacturesTarget;
  readonly claimed_at: string;
}

/**
 * Who is to be polled where, and when. It spans tenants, so it works as the system; time is PostgreSQL's.
 *
 *     due ──claim──▶ claimed ──end──▶ waiting ──next_poll_at──▶ due
 *      ▲                │ the process vanished: claimed_until passes
 *      └────────────────┘
 *
 * While claimed, `next_poll_at` equals `claimed_until`; a different value is somebody's wish for an earlier poll, and stands.
 */
export class PollTargetRepository {
  constructor(private readonly database: Database) {}

  /** Takes targets that are due; those that another process is taking at this moment are passed over. */
  async claim(limit: number, claimSeconds: number): Promise<ClaimedTarget[]> {
    const claim = randomUUID();
    const rows = await this.database.asSystem((sql) =>
      sql.query<TargetRow>(
        `WITH due AS MATERIALIZED (
           SELECT p.tenant_hash, p.opco_id, t.nom, t.environment, t.weight
           FROM poll_targets p JOIN tenants t ON t.tenant_hash = p.tenant_hash AND t.suspended_at IS NULL
           WHERE p.stopped_at IS NULL AND p.next_poll_at <= now() AND (p.claimed_until IS NULL OR p.claimed_until <= now())
           ORDER BY p.next_poll_at LIMIT $2 FOR UPDATE OF p SKIP LOCKED
         )
         UPDATE poll_targets p SET claimed_by = $1,
           claimed_until = now() + make_interval(secs => $3), next_poll_at = now() + make_interval(secs => $3)
         FROM due WHERE p.tenant_hash = due.tenant_hash AND p.opco_id = due.opco_id
         RETURNING p.tenant_hash, p.opco_id, p.failures, due.nom, due.environment, due.weight, p.tell_discovered, now()::text AS claimed_at,
           json_build_object('due', p.next_factures_at <= now(), 'allKnown', p.factures_known_at IS NOT NULL,
             'calls', p.factures_calls) AS factures,
           ${sharers('p.opco_id', 'due.environment')} AS shared_by`,
        [claim, limit, claimSeconds],
      ),
    );
    return rows.map((row) => ({
      tenant: {
        ...{ hash: readTenantHash(row.tenant_hash), environment: row.environment, nom: row.nom },
        ...{ keyId: 'poller', weight: row.weight },
      },
      opcoId: row.opco_id,
      claim,
      failures: row.failures,
      tellDiscovered: row.tell_discovered,
      sharedBy: row.shared_by,
      factures: row.factures,
      claimedAt: row.claimed_at,
    }));
  }

  /** What a tenant's poll at an OPCO may plan on, for whoever reads details outside a poll. */
  async share(
    { hash, environment }: Pick<Tenant, 'hash' | 'environment'>,
    opcoId: string,
  ): Promise<{ readonly sharedBy: number; readonly facturesCalls: number }> {
    const [row] = await this.database.asSystem((sql) =>
      sql.query<{ shared_by: number; factures_calls: number }>(
        `SELECT ${sharers('$2', '$3')} AS shared_by,
           coalesce((SELECT factures_calls FROM poll_targets WHERE tenant_hash = $1 AND opco_id = $2), 0)::int AS factures_calls`,
        [hash, opcoId, environment],
      ),
    );
    return { sharedBy: row?.shared_by ?? 1, facturesCalls: row?.factures_calls ?? 0 };
  }

  /** Prolongs a claim; false when it is no longer ours, and the poll must stop. */
  async renew(target: ClaimedTarget, claimSeconds: number): Promise<boolean> {
    const rows = await this.database.asSystem((sql) =>
      sql.query(
        `UPDATE poll_targets SET claimed_until = now() + make_interval(secs => $4),
           next_poll_at = CASE WHEN next_poll_at = claimed_until THEN now() + make_interval(secs => $4) ELSE next_poll_at END
         WHERE tenant_hash = $1 AND opco_id = $2 AND claimed_by = $3 AND claimed_until > now() RETURNING opco_id`,
        [target.tenant.hash, target.opcoId, target.claim, claimSeconds],
      ),
    );
    return rows.length > 0;
  }

  /**
   * Whether the claim is still ours, in the transaction of what it lets one write: the row stays locked until the commit, so that
   * nobody takes over in between. A process that was frozen past its lease writes nothing.
   */
  async holds(sql: Sql, { tenant, opcoId, claim }: ClaimedTarget): Promise<boolean> {
    const rows = await sql.query(
      `SELECT 1 FROM poll_targets
       WHERE tenant_hash = $1 AND opco_id = $2 AND claimed_by = $3 AND claimed_until > clock_timestamp() FOR SHARE`,
      [tenant.hash, opcoId, claim],
    );
    return rows.length > 0;
  }

  /**
   * After a standstill everything is due at once: what is due for longer than an interval is spread over one. What was never
   * polled is not held up.
   */
  async spread(intervalSeconds: number): Promise<void> {
    await this.database.asSystem((sql) =>
      sql.query(
        `UPDATE poll_targets SET next_poll_at = now() + random() * make_interval(secs => $1)
         WHERE next_poll_at < now() - make_interval(secs => $1) AND last_success_at IS NOT NULL
           AND (claimed_until IS NULL OR claimed_until <= now())`,
        [intervalSeconds],
      ),
    );
  }

  /**
   * When the list of invoices is read again, as long as the claim is ours; what it took, and whether it was seen whole. A wish for
   * an earlier reading that was made meanwhile stands.
   */
  async noteFactures(
    target: ClaimedTarget,
    { calls, verified, nextInSeconds }: Omit<FacturesReading, 'complete'> & { readonly nextInSeconds: number },
  ): Promise<void> {
    await this.database.asSystem((sql) =>
      sql.query(
        `UPDATE poll_targets SET factures_calls = greatest($5, 1),
           factures_known_at = CASE WHEN $6 THEN now() ELSE factures_known_at END,
           next_factures_at = CASE WHEN next_factures_at > $4::timestamptz THEN least(next_factures_at, now() + make_interval(secs => $7))
                                   ELSE now() + make_interval(secs => $7) END
         WHERE tenant_hash = $1 AND opco_id = $2 AND claimed_by = $3 AND claimed_until > clock_timestamp()`,
        [target.tenant.hash, target.opcoId, target.claim, target.claimedAt, calls, verified, nextInSeconds],
      ),
    );
  }

  /** Ends a poll, unless its claim has passed to somebody else. */
  async end(target: ClaimedTarget, end: PollEnd): Promise<void> {
    await this.database.asSystem((sql) =>
      sql.query(
        `UPDATE poll_targets SET claimed_by = NULL, claimed_until = NULL,
           next_poll_at = CASE WHEN next_poll_at = claimed_until THEN now() + make_interval(secs => $4)
                               ELSE least(next_poll_at, now() + make_interval(secs => $4)) END,
           failures = CASE $5 WHEN 'done' THEN 0 WHEN 'postponed' THEN failures ELSE failures + 1 END,
           last_success_at = CASE WHEN $5 = 'done' THEN now() ELSE last_success_at END,
           all_known_at = CASE WHEN $7 THEN now() ELSE all_known_at END,
           paused_reason = CASE $5 WHEN 'paused' THEN $6 WHEN 'done' THEN NULL ELSE paused_reason END
         WHERE tenant_hash = $1 AND opco_id = $2 AND claimed_by = $3`,
        [
          target.tenant.hash,
          target.opcoId,
          target.claim,
          end.nextInSeconds,
          end.outcome,
          end.outcome === 'paused' ? end.reason : null,
          end.outcome === 'done' && end.allKnown,
        ],
      ),
    );
  }
}
