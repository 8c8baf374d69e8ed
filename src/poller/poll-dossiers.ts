import { randomUUID } from 'node:crypto';
import type { Dossier } from '../core/contract/dossier.js';
import type { Etat } from '../core/contract/etats.js';
import type { EndpointName, OpcoAdapter } from '../core/endpoint.js';
import { fail, type ErrorCode } from '../core/errors.js';
import type { NewEvent } from '../core/events.js';
import type { Call, Exchange } from '../core/exchange.js';
import { scanPages, type PagedList } from '../core/scan-pages.js';
import type { Tenant, TenantHash } from '../core/tenant.js';
import type { CommitSignal } from '../events/commit-signal.js';
import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import { diff } from './diff.js';
import type { DossierName, Sight, Snapshot, SnapshotRepository } from './snapshot.repository.js';

/** The ten stages, as the poller needs them: the settled exchange, never a throw. */
export interface Reads {
  run(call: Call): Promise<Exchange>;
}

/** Forgets cached answers about these entities. */
export interface Forgets {
  forget(opcoId: string, tenant: TenantHash, entities: readonly string[]): Promise<void>;
}

/** What polling works with. */
export interface PollPorts {
  readonly reads: Reads;
  readonly cache: Forgets;
  readonly snapshots: SnapshotRepository;
  readonly events: EventLog;
  readonly signal: CommitSignal;
  /** Resolves after so many milliseconds, or rejects when the signal ends the poll. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How the OPCO pages its states; undefined for one that is not served. */
  readonly pagingOf: (opcoId: string) => OpcoAdapter['paging'] | undefined;
}

/** One poll of one tenant at one OPCO. */
export interface Poll {
  readonly tenant: Tenant;
  readonly opcoId: string;
  /** Ends the poll early; what was read until then stands. */
  readonly signal: AbortSignal;
  /** Asked before each batch of work: false when the target has passed to another process. */
  readonly stillOurs: () => Promise<boolean>;
}

/** What a complete scan saw. */
export interface PollReport {
  readonly etats: ReadonlySet<string>;
  readonly read: number;
  readonly changed: number;
  /** Dossiers whose detail the OPCO could not show properly; the next poll tries again. */
  readonly unreadable: number;
}

/** A detail that fails so is that dossier's own trouble: the others are read all the same. */
const oneDossierOnly: ReadonlySet<ErrorCode> = new Set([
  'NOT_FOUND',
  'UPSTREAM_INVALID',
  'UPSTREAM_REJECTED',
  'VALIDATION_ERROR',
]);
/** How long one question may wait for its turn before the whole poll is put off. */
const longestWaitSeconds = 30;
/** Most paths that one event lists: the body stays far below 20 kB. */
const mostChanges = 100;

/**
 * Reads the states of all dossiers, then the detail of those that are new or stand elsewhere than the latest snapshot
 * says. Snapshot and event are one transaction per dossier, so that a poll that stops half-way leaves nothing half-done.
 * It never deletes anything. A dossier that is seen for the first time gives a snapshot and no event, unless we deposited it: it
 * left us as TRANSMIS, and what became of it since is a change.
 */
export class PollDossiers {
  constructor(private readonly ports: PollPorts) {}

  /** Throws the failure that ended the scan. */
  async run(poll: Poll): Promise<PollReport> {
    const paging = this.ports.pagingOf(poll.opcoId);
    if (!paging) throw fail('UNKNOWN_OPCO');
    const requestId = randomUUID();
    const ask = (endpoint: EndpointName, query: Call['query']) => this.#ask(poll, requestId, { endpoint, query });
    const report = { etats: new Set<string>(), read: 0, changed: 0, unreadable: 0 };
    const etats: PagedList<Etat> = { paging, numberOf: ({ numeroInterne }) => numeroInterne };
    for await (const rows of scanPages(etats, (query) => ask('etats', query))) {
      for (const row of rows) report.etats.add(row.etat);
      for (const row of await this.#toRead(poll, rows)) {
        await assertOurs(poll);
        report.read++;
        const exchange = await ask('dossier', { numeroInterne: row.numeroInterne });
        const outcome = await this.#keep(poll, row, exchange);
        if (outcome === 'changed') report.changed++;
        if (outcome === 'unreadable') report.unreadable++;
      }
      await assertOurs(poll);
    }
    return report;
  }

  /** Waits for its share of the OPCO's budget rather than ending a scan that would begin anew; keeps the target meanwhile. */
  async #ask(poll: Poll, requestId: string, question: Pick<Call, 'endpoint' | 'query'>): Promise<Exchange> {
    const { tenant, opcoId, signal } = poll;
    const call: Call = { requestId, tenant, opcoId, ...question, traffic: 'poll', cache: { noCache: true }, signal };
    for (let waited = 0; ;) {
      const exchange = await this.ports.reads.run(call);
      const seconds = exchange.failure?.details.retryAfterSeconds ?? 1;
      if (exchange.failure?.code !== 'RATE_LIMITED' || waited + seconds > longestWaitSeconds) return exchange;
      await this.ports.wait(seconds * 1000, signal);
      await assertOurs(poll);
      waited += seconds;
    }
  }

  async #toRead({ tenant, opcoId }: Poll, rows: readonly Etat[]): Promise<readonly Etat[]> {
    const { cache, snapshots } = this.ports;
    const known = await snapshots.etats(
      tenant.hash,
      opcoId,
      rows.map((row) => row.numeroInterne),
    );
    const moved = rows.filter((row) => known.get(row.numeroInterne) !== row.etat);
    const stale = moved.filter((row) => known.has(row.numeroInterne));
    // Before the detail is read: its fresh answer may then stay.
    if (stale.length > 0)
      await cache.forget(
        opcoId,
        tenant.hash,
        stale.map((row) => `dossier:${row.numeroInterne}`),
      );
    return moved;
  }

  async #keep({ tenant, opcoId }: Poll, row: Etat, exchange: Exchange): Promise<'changed' | 'same' | 'unreadable'> {
    if (exchange.failure && oneDossierOnly.has(exchange.failure.code)) return 'unreadable';
    const dossier = exchange.reply().value() as Dossier;
    // A detail about another dossier than asked must not become this one's history.
    if (dossier.cerfa.numeroInterne !== row.numeroInterne) return 'unreadable';
    const name = { opcoId, numeroInterne: row.numeroInterne };
    let told: string | undefined;
    const kept = await this.ports.snapshots.keep(tenant.hash, name, dossier, async (sql, before) => {
      const known = before ?? (await asDeposited(sql, tenant.hash, { name, dossier }));
      if (known) told = await this.ports.events.append(sql, tenant.hash, changeEvent(name, known, dossier));
    });
    if (kept === 'unchanged' || told === undefined) return 'same';
    this.ports.signal.announce();
    return 'changed';
  }
}

/** What a change is measured against. */
type KnownState = Pick<Snapshot, 'etat' | 'dossier'>;

/** The state in which every contract is sent (norm.md 3.7). */
const etatOnDeposit = 'TRANSMIS';

/** The dossier as it left us, when a deposit of ours made it and it has moved on since. */
export async function asDeposited(
  sql: Sql,
  tenant: TenantHash,
  { name, dossier }: Sight,
): Promise<KnownState | undefined> {
  if (dossier.cerfa.etat === etatOnDeposit) return undefined;
  const deposits = await sql.query(
    `SELECT 1 FROM events
     WHERE tenant_hash = $1 AND opco_id = $2 AND type = 'job.completed' AND data ->> 'numeroInterne' = $3 LIMIT 1`,
    [tenant, name.opcoId, name.numeroInterne],
  );
  const before = { ...dossier, cerfa: { ...dossier.cerfa, etat: etatOnDeposit } };
  return deposits.length > 0 ? { etat: etatOnDeposit, dossier: before } : undefined;
}

async function assertOurs(poll: Poll): Promise<void> {
  poll.signal.throwIfAborted();
  if (!(await poll.stillOurs())) throw fail('CONFLICT', { detail: 'Un autre processus a repris cette lecture.' });
}

/** What receivers hear of a dossier that is another than before. */
export function changeEvent(name: DossierName, before: KnownState, dossier: Dossier): NewEvent {
  const { opcoId, numeroInterne } = name;
  const changes = diff(before.dossier, dossier);
  const listed = {
    changes: changes.slice(0, mostChanges),
    ...(changes.length > mostChanges && { changesOmitted: changes.length - mostChanges }),
  };
  const subject = `dossier:${opcoId}:${numeroInterne}`;
  const etat = dossier.cerfa.etat;
  if (etat === before.etat) return { type: 'dossier.updated', opcoId, subject, data: { numeroInterne, ...listed } };
  return {
    type: 'dossier.etat_changed',
    opcoId,
    subject,
    data: { numeroInterne, before: before.etat, after: etat, ...listed },
  };
}
