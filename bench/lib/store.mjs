import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { processesMarked } from '../../tools/running-product.mjs';

const dist = '../../dist/src';
const { AuditTrail } = await import(`${dist}/audit/audit-trail.js`);
const { startEmbeddedPostgres } = await import(`${dist}/dev/embedded-postgres.js`);
const { EventLog } = await import(`${dist}/events/event-log.js`);
const { KeyRing } = await import(`${dist}/platform/crypto/key-ring.js`);
const { migrate } = await import(`${dist}/platform/database/migrate.js`);
const { openDatabase } = await import(`${dist}/platform/database/open-database.js`);
const { StatementNames } = await import(`${dist}/platform/database/statement-names.js`);
const { SnapshotRepository } = await import(`${dist}/poller/snapshot.repository.js`);
const { KeepDossiers } = await import(`${dist}/sync/keep-dossiers.js`);
const { DataKeys } = await import(`${dist}/tenancy/data-keys.js`);
const { TenantsRepository } = await import(`${dist}/tenancy/tenants.repository.js`);

const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The product's own history on a PostgreSQL of its own that is as durable as in production; all of it goes with `stop`. */
export class Store {
  #folder = mkdtempSync(join(tmpdir(), 'opcovia-bench-'));
  #aborted = new AbortController();

  async start() {
    // As root, PostgreSQL runs as another user and must be able to walk there.
    chmodSync(this.#folder, 0o755);
    const stateDir = join(this.#folder, 'services');
    mkdirSync(stateDir);
    const order = { stateDir, projectRoot, fsync: true, signal: this.#aborted.signal, onProgress: () => undefined };
    this.postgres = await startEmbeddedPostgres(order);
    await migrate(this.postgres.url);
    this.owner = new pg.Client({ connectionString: this.postgres.url });
    await this.owner.connect();
    const opened = await openDatabase(this.postgres.url, 5, new StatementNames());
    this.database = opened.database;
    this.close = opened.close;
    const keys = new DataKeys(this.database, KeyRing.parse(`k1:${randomBytes(32).toString('hex')}`));
    await keys.load();
    this.keeper = new KeepDossiers(new SnapshotRepository(this.database, keys), new EventLog(), () => '2026-10-15');
    this.tenants = new TenantsRepository(this.database, new AuditTrail());
    return this;
  }

  async aTenant() {
    return (await this.tenants.create({ nom: 'CFA', environment: 'test', actor: 'cli' })).tenant;
  }

  /** Keeps these, in the order of their numbers, in one transaction, events and all, as a synchronisation does. */
  keep(tenant, dossiers) {
    const sights = dossiers.map((dossier) => ({
      name: { opcoId: 'akto', numeroInterne: dossier.cerfa.numeroInterne },
      dossier,
    }));
    return this.database.asTenant(tenant, (sql) => this.keeper.keepAll(sql, tenant, sights));
  }

  /** Bytes of a table with its indexes and its long values, and of the indexes alone. */
  async sizeOf(table) {
    const { rows } = await this.owner.query(
      'SELECT pg_total_relation_size($1)::float8 AS total, pg_indexes_size($1)::float8 AS indexes',
      [table],
    );
    return rows[0];
  }

  /** For `cpuOf`: PostgreSQL's own processes. */
  get server() {
    return { processes: () => processesMarked(this.#folder) };
  }

  async stop() {
    await this.owner?.end();
    await this.close?.();
    this.#aborted.abort();
    await this.postgres?.child.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
