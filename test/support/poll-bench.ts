import { randomBytes } from 'node:crypto';
import { SchedulerRegistry } from '@nestjs/schedule';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import type { TenantHash } from '../../src/core/tenant.js';
import { CommitSignal } from '../../src/events/commit-signal.js';
import { EventLog } from '../../src/events/event-log.js';
import { Env } from '../../src/platform/config/env.js';
import { KeyRing } from '../../src/platform/crypto/key-ring.js';
import type { Sql } from '../../src/platform/database/database.js';
import { FactureRepository } from '../../src/poller/facture.repository.js';
import { HistoryRepository } from '../../src/poller/history.repository.js';
import { PollDossiers } from '../../src/poller/poll-dossiers.js';
import { PollingRepository } from '../../src/poller/polling.repository.js';
import { PollTargetRepository } from '../../src/poller/poll-target.repository.js';
import { Poller } from '../../src/poller/poller.js';
import { type Kept, type Sight, type Snapshot, SnapshotRepository } from '../../src/poller/snapshot.repository.js';
import { WatchRepository } from '../../src/poller/watch.repository.js';
import { DataKeys } from '../../src/tenancy/data-keys.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { ScriptedOpco } from './polled-opco.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** Where a tenant stands at an OPCO. */
export interface TargetState {
  /** Seconds until the next poll. */
  wait: number;
  failures: number;
  paused_reason: string | null;
  claimed: boolean;
  succeeded: boolean;
}

/** The poller on a database of its own, before an OPCO in memory; polled by hand. */
export class PollBench {
  opco = new ScriptedOpco();
  /** Entities whose cached answers were forgotten. */
  readonly forgotten: string[] = [];
  /** Milliseconds that polls waited for their turn, one entry each time. */
  readonly waits: number[] = [];

  private constructor(
    readonly db: TestDatabase,
    private readonly keys: DataKeys,
  ) {}

  static async create(): Promise<PollBench> {
    const db = await createTestDatabase();
    const keys = new DataKeys(db.database, KeyRing.parse(`k1:${randomBytes(32).toString('hex')}`));
    await keys.load();
    return new PollBench(db, keys);
  }

  get targets(): PollTargetRepository {
    return new PollTargetRepository(this.db.database);
  }

  get snapshots(): SnapshotRepository {
    return new SnapshotRepository(this.db.database, this.keys);
  }

  get polling(): PollingRepository {
    return new PollingRepository(this.db.database, new AuditTrail());
  }

  get watch(): WatchRepository {
    return new WatchRepository(this.db.database, this.keys);
  }

  factures(database = this.db.database): FactureRepository {
    return new FactureRepository(database, this.keys, new EventLog());
  }

  /** Keeps a dossier in a transaction of its own. */
  keep(
    tenant: TenantHash,
    sight: Sight,
    then: (sql: Sql, before?: Snapshot) => Promise<void> = async () => undefined,
  ): Promise<Kept> {
    return this.db.database.asTenant(tenant, async (sql) => {
      const [kept = 'unchanged'] = await this.snapshots.keepAllWithin(sql, tenant, [sight], ([version]) =>
        then(sql, version?.before),
      );
      return kept;
    });
  }

  /** Every clock says that it is time. */
  async allDue(tenant: TenantHash): Promise<void> {
    await this.db.database.asTenant(tenant, (sql) => sql.query('UPDATE watched_dossiers SET next_read_at = now()'));
  }

  /** Another process takes over while the OPCO thinks about this question; gives what undoes it. */
  loseClaimAt(endpoint: string): () => void {
    const { opco } = this;
    const { run } = opco;
    opco.run = async (call) => {
      if (call.endpoint === endpoint) await this.asSystem('UPDATE poll_targets SET claimed_by = gen_random_uuid()');
      return run.call(opco, call);
    };
    return () => void (opco.run = run);
  }

  /** Runs one statement as the system. */
  asSystem<Row extends object>(statement: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.db.database.asSystem((sql) => sql.query<Row>(statement, values));
  }

  /** A deposit of ours has made this dossier. */
  async deposited(tenant: TenantHash, numeroInterne: string): Promise<void> {
    await this.db.database.asTenant(tenant, (sql) =>
      new EventLog().append(sql, tenant, {
        ...{ type: 'job.completed', opcoId: 'akto', subject: 'job:1' },
        data: { jobId: '1', type: 'dossiers', opcoId: 'akto', status: 'completed', numeroInterne },
      }),
    );
  }

  /** What this process holds of the keys of a tenant. */
  forgetKeys(tenant: TenantHash): void {
    this.keys.forget(tenant);
  }

  get history(): HistoryRepository {
    return new HistoryRepository(this.db.database, this.snapshots);
  }

  anInstance(settings: Partial<Env> = {}): Poller {
    const polls = new PollDossiers({
      database: this.db.database,
      reads: this.opco,
      snapshots: this.snapshots,
      watch: this.watch,
      events: new EventLog(),
      signal: new CommitSignal(),
      cache: { forget: async (_opcoId, _tenant, entities) => void this.forgotten.push(...entities) },
      wait: async (ms) => void this.waits.push(ms),
      factures: this.factures(),
      elapsedSeconds: () => performance.now() / 1000,
      listsFactures: () => this.opco.factures !== undefined,
      pagingOf: (opcoId) => (opcoId === 'akto' ? { kind: 'pages', size: 2 } : undefined),
    });
    const env = Object.assign(new Env(), { OPCOVIA_POLL_INTERVAL_SECONDS: 60, ...settings });
    return new Poller({
      env,
      polls,
      targets: this.targets,
      schedule: new SchedulerRegistry(),
      random: () => 0.5,
      now: Date.now,
      callsPerSecondOf: () => 100,
      ended: () => undefined,
    });
  }

  async poll(poller = this.anInstance()): Promise<void> {
    await poller.round();
    await poller.drain();
  }

  /** A tenant that is due, the only one. */
  async aTarget(opcoId = 'akto'): Promise<TenantHash> {
    const tenants = new TenantsRepository(this.db.database, new AuditTrail());
    const { tenant } = await tenants.create({ nom: 'CFA', environment: 'test', actor: 'cli' });
    await this.db.database.asSystem(async (sql) => {
      await sql.query('DELETE FROM poll_targets');
      await sql.query('INSERT INTO poll_targets (tenant_hash, opco_id) VALUES ($1, $2)', [tenant, opcoId]);
    });
    return tenant;
  }

  /** Makes the tenant due again and polls, by an instance of its own unless one is given. */
  async pollAgain(tenant: TenantHash, poller = this.anInstance()): Promise<void> {
    await this.asSystem('UPDATE poll_targets SET next_poll_at = now() WHERE tenant_hash = $1', [tenant]);
    await this.poll(poller);
  }

  async target(tenant: TenantHash): Promise<TargetState | undefined> {
    const [row] = await this.asSystem<TargetState>(
      `SELECT extract(epoch FROM next_poll_at - now())::float AS wait, failures, paused_reason,
              claimed_until IS NOT NULL AS claimed, last_success_at IS NOT NULL AS succeeded
       FROM poll_targets WHERE tenant_hash = $1`,
      [tenant],
    );
    return row;
  }

  events(tenant: TenantHash) {
    return this.db.database.asTenant(tenant, (sql) =>
      sql.query<{ type: string; subject: string; data: object }>(
        'SELECT type, subject, data FROM events ORDER BY ordinal',
      ),
    );
  }

  versions(tenant: TenantHash) {
    return this.db.database.asTenant(tenant, (sql) =>
      sql.query<{ numero_interne: string; version: number; etat: string; content: string }>(
        'SELECT numero_interne, version, etat, content FROM snapshots ORDER BY numero_interne, version',
      ),
    );
  }
}
