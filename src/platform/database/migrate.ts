import pg from 'pg';
import { DataSource } from 'typeorm';
import { ownerOptions } from './data-source.js';

/** Any number that no other duty uses: the lock that lets one instance migrate while the others wait. */
const migrationLock = 7_203_001;

/** Brings the schema up to date; a second run is a no-op, parallel runs wait for each other. Returns the names it ran. */
export async function migrate(url: string): Promise<string[]> {
  return withMigrationLock(url, async (source) => {
    const done = await source.runMigrations();
    return done.map((migration) => migration.name);
  });
}

/** Takes every migration back, newest first. */
export async function migrateDown(url: string): Promise<void> {
  await withMigrationLock(url, async (source) => {
    for (let left = await appliedCount(source); left > 0; left--) await source.undoLastMigration();
  });
}

async function appliedCount(source: DataSource): Promise<number> {
  const [row] = await source.query<{ n: number }[]>('SELECT count(*)::int AS n FROM migrations');
  return row?.n ?? 0;
}

async function withMigrationLock<T>(url: string, work: (source: DataSource) => Promise<T>): Promise<T> {
  const guard = new pg.Client({ connectionString: url });
  await guard.connect();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    const source = await new DataSource(ownerOptions(url)).initialize();
    try {
      return await work(source);
    } finally {
      await source.destroy();
    }
  } finally {
    await guard.end();
  }
}
