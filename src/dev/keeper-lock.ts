import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, readProcessRecord, recordOf } from './process-identity.js';
import { createPrivate } from './state-files.js';

/** A breaker dies between two system calls or not at all; after this long its mark is rubbish. */
const BREAKER_STALE_MS = 5_000;

function lockPath(stateDir: string): string {
  return join(stateDir, 'keeper.lock');
}

/** True while a living process holds the lock of this state directory. */
export function isLocked(stateDir: string): boolean {
  const holder = readProcessRecord(lockPath(stateDir));
  return holder !== undefined && isAlive(holder);
}

function mine(): string {
  return JSON.stringify(recordOf(process.pid));
}

/** Removing a dead holder's lock is itself guarded: else a second breaker could remove the lock that the first just took. */
function breakStale(stateDir: string): void {
  const breaker = `${lockPath(stateDir)}.breaking`;
  if (!createPrivate(breaker, mine())) {
    const age = Date.now() - (statSync(breaker, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > BREAKER_STALE_MS) rmSync(breaker, { force: true });
    return;
  }
  if (!isLocked(stateDir)) rmSync(lockPath(stateDir), { force: true });
  rmSync(breaker, { force: true });
}

/** Takes the lock for this process, over a dead holder's if need be; false when a living one has it. */
export function takeLock(stateDir: string): boolean {
  if (createPrivate(lockPath(stateDir), mine())) return true;
  if (isLocked(stateDir)) return false;
  breakStale(stateDir);
  return createPrivate(lockPath(stateDir), mine());
}

/** Gives the lock back, if it is still ours. */
export function dropLock(stateDir: string): void {
  try {
    if (readFileSync(lockPath(stateDir), 'utf8') === mine()) rmSync(lockPath(stateDir), { force: true });
  } catch (error) {
    // The whole state directory may have been removed under us; then there is nothing to give back.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
