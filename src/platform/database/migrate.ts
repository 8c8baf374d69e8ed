import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { ownerOptions } from './data-source.js';

/** Any number that no other duty uses: the lock that lets one instance migrate while the others wait. */
const migrationLock = 7_203_001;

/** How often a migration that got no lock in time is tried again, and how long the others may work in between. */
const mostAttempts = 20;
const pauseMs = 1000;

/** Between two looks whether another instance has finished. */
const lockPauseMs = 200;

/** Brings the schema up to date; a second run is a no-op, parallel runs wait for each other. Returns the names it ran. */
export async function migrate(url: string): Promise<string[]> {
  return withMigrationLock(url, async (source) => {
    for (let tried = 0; ; tried++) {
      try {
        const done = await source.runMigrations();
        return done.map((migration) => migration.name);
      } catch (error) {
        const locked = (error as { code?: string }).code === '55P03';
        if (!locked || tried >= mostAttempts) throw error;
        await sleep(pauseMs);
      }
    }
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
    await waitForLock(guard);
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

/** Asks again and again: whoever waits inside a statement keeps an index from being built beside the work. */
async function waitForLock(guard: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await guard.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [migrationLock]);
    if (rows[0]?.mine) return;
    await sleep(lockPauseMs);
  }
}
