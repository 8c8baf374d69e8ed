import { randomBytes } from 'node:crypto';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { systemClock } from '../../src/core/clock.js';
import type { TenantHash } from '../../src/core/tenant.js';
import { CommitSignal } from '../../src/events/commit-signal.js';
import { EventLog } from '../../src/events/event-log.js';
import { Env } from '../../src/platform/config/env.js';
import { KeyRing } from '../../src/platform/crypto/key-ring.js';
import { FactureRepository } from '../../src/poller/facture.repository.js';
import { NoteBulkReads } from '../../src/poller/note-bulk-reads.js';
import { PollTargetRepository } from '../../src/poller/poll-target.repository.js';
import { ReadClock } from '../../src/poller/read-clock.js';
import { SnapshotRepository } from '../../src/poller/snapshot.repository.js';
import { WatchRepository } from '../../src/poller/watch.repository.js';
import { CommitBatch } from '../../src/sync/commit-batch.js';
import { KeepDossiers } from '../../src/sync/keep-dossiers.js';
import { type ClaimedSync, SyncClaimRepository } from '../../src/sync/sync-claim.repository.js';
import { SyncJobRepository } from '../../src/sync/sync-job.repository.js';
import { SyncTurnRepository } from '../../src/sync/sync-turn.repository.js';
import type { SyncWorker } from '../../src/sync/sync-worker.js';
import { syncWorker } from '../../src/sync/wire-worker.js';
import { DataKeys } from '../../src/tenancy/data-keys.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { ManualClock } from './an-exchange.js';
import { ScriptedOpco } from './polled-opco.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const [audit, events, signal] = [new AuditTrail(), new EventLog(), new CommitSignal()];

/** Synchronisations on a database of their own, before an OPCO in memory; rounds are made by hand. */
export class SyncBench {
  opco = new ScriptedOpco();
  /** By which plans grow old. */
  readonly time = new ManualClock();
  /** What the OPCO is believed to bear. */
  callsPerSecond = 4;
  /** What workers complained of. */
  readonly complaints: unknown[] = [];

  private constructor(
    readonly db: TestDatabase,
    private readonly keys: DataKeys,
  ) {}

  static async create(): Promise<SyncBench> {
    const db = await createTestDatabase();
    const keys = new DataKeys(db.database, KeyRing.parse(`k1:${randomBytes(32).toString('hex')}`));
    await keys.load();
    return new SyncBench(db, keys);
  }

  get claims(): SyncClaimRepository {
    return new SyncClaimRepository(this.db.database);
  }

  get turns(): SyncTurnRepository {
    return new SyncTurnRepository({ database: this.db.database, events, signal });
  }

  get jobs(): SyncJobRepository {
    return new SyncJobRepository({ database: this.db.database, audit, wake: () => undefined });
  }

  get snapshots(): SnapshotRepository {
    return new SnapshotRepository(this.db.database, this.keys);
  }

  get watch(): WatchRepository {
    return new WatchRepository(this.db.database, this.keys);
  }

  get factures(): FactureRepository {
    return new FactureRepository(this.db.database, this.keys, events);
  }

  get notes(): NoteBulkReads {
    const { database } = this.db;
    return new NoteBulkReads({
      watch: this.watch,
      targets: new PollTargetRepository(database),
      ...{ clock: this.readClock, time: this.time },
    });
  }

  /** By which polls and synchronisations set the clocks of dossiers. */
  get readClock(): ReadClock {
    return new ReadClock({
      env: new Env(),
      random: () => 0.5,
      now: Date.now,
      callsPerSecondOf: () => this.callsPerSecond,
    });
  }

  /** `keep` stands in for the way into the history. */
  commits(
    keep: Pick<KeepDossiers, 'keepAll'> = new KeepDossiers(this.snapshots, events, () => '2026-10-15'),
  ): CommitBatch {
    return new CommitBatch({
      ...{ database: this.db.database, events, signal, keep, attempts: 3, clock: systemClock },
      backOffMs: () => 0,
      notes: this.notes,
      listCallsOf: () => 1,
      forget: async () => undefined,
      counted: () => undefined,
    });
  }

  anInstance(settings: Partial<Env> = {}): SyncWorker {
    const { database } = this.db;
    return syncWorker({
      ...{
        database,
        events,
        signal,
        audit,
        reads: this.opco,
        snapshots: this.snapshots,
        notes: this.notes,
        clock: systemClock,
      },
      env: Object.assign(new Env(), { OPCOVIA_SYNC_BATCH: 2, OPCOVIA_SYNC_BACKOFF_MS: 1, ...settings }),
      random: () => 0.5,
      wait: async () => undefined,
      pagingOf: () => ({ kind: 'pages', size: 2 }),
      forget: async () => undefined,
      counted: () => undefined,
      failed: (error) => this.complaints.push(error),
    });
  }

  /** A tenant with so many dossiers at the OPCO, and its synchronisation, which nobody has begun. */
  async aSync(dossiers: number): Promise<{ tenant: TenantHash; syncId: string }> {
    this.opco.dossiers.clear();
    for (let rank = 1; rank <= dossiers; rank++) this.opco.dossiers.set(`D${rank}`, { etat: 'ENGAGE' });
    const tenants = new TenantsRepository(this.db.database, audit);
    const { tenant } = await tenants.create({ nom: 'CFA', environment: 'test', actor: 'cli' });
    const { syncId } = await this.jobs.request(this.owner(tenant), 'akto');
    return { tenant, syncId };
  }

  /** The synchronisation that is due, claimed and with its list seen: these numbers are to be read. */
  async aListedClaim(...numbers: string[]): Promise<ClaimedSync> {
    const [claim] = await this.claims.claim(1, 60);
    if (!claim) throw new Error('nothing was claimed');
    await this.turns.begin(claim);
    await this.turns.addFound(claim, numbers);
    await this.turns.endScan(claim, { complete: true, last: false });
    return claim;
  }

  owner(tenant: TenantHash) {
    return { tenant: { hash: tenant, environment: 'test', nom: 'CFA', keyId: 'k' } as const };
  }

  view(tenant: TenantHash, syncId: string) {
    return this.jobs.view(tenant, { opcoId: 'akto', syncId });
  }

  async told(tenant: TenantHash): Promise<string[]> {
    const rows = await this.db.database.asTenant(tenant, (sql) =>
      sql.query<{ type: string }>('SELECT type FROM events ORDER BY ordinal'),
    );
    return rows.map(({ type }) => type);
  }

  count(tenant: TenantHash, table: 'snapshots' | 'sync_dossiers' | 'sync_jobs'): Promise<number> {
    return this.db.database.asTenant(tenant, async (sql) => {
      const [row] = await sql.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
      return row?.n ?? -1;
    });
  }

  /** Runs one statement as the system. */
  asSystem(statement: string, values: readonly unknown[] = []): Promise<object[]> {
    return this.db.database.asSystem((sql) => sql.query(statement, values));
  }
}
