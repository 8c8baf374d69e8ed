import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { readRecord, writePrivate } from './state-files.js';

/** A process we once started: the pid alone may have been given to a stranger since, the identity cannot. */
export interface ProcessRecord {
  readonly pid: number;
  /** Boot and start time of the process; equal only for the very same process. */
  readonly identity: string;
}

const LOOK_EVERY_MS = 20;

function identityFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name (field 2) may contain blanks and brackets: count from its closing bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTicks] = [fields[0], fields[19]];
    if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${startTicks}`;
  } catch {
    return undefined;
  }
}

/** What tells this process from every other that ever had the pid; undefined when nobody lives there (a zombie does not). */
export function identityOf(pid: number): string | undefined {
  if (process.platform === 'linux') return identityFromProc(pid);
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The command line of a process, arguments joined by blanks; empty when it is gone or hidden. */
export function commandLineOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** The record of a living process, for a file or for a later stop. */
export function recordOf(pid: number): ProcessRecord | undefined {
  const identity = identityOf(pid);
  return identity === undefined ? undefined : { pid, identity };
}

/** True while exactly the recorded process lives. */
export function isAlive(record: ProcessRecord): boolean {
  return identityOf(record.pid) === record.identity;
}

/** Reads a record written by `writeProcessRecord`; undefined when absent or damaged. */
export function readProcessRecord(path: string): ProcessRecord | undefined {
  const { pid, identity } = readRecord(path) ?? {};
  return typeof pid === 'number' && typeof identity === 'string' ? { pid, identity } : undefined;
}

/** Notes a child just spawned, so that whoever comes after a crash can find and stop it. */
export function writeProcessRecord(path: string, pid: number): void {
  const record = recordOf(pid);
  if (record) writePrivate(path, JSON.stringify(record));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function goneWithin(record: ProcessRecord, graceMs: number): Promise<boolean> {
  const end = performance.now() + graceMs;
  while (isAlive(record)) {
    if (performance.now() > end) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}

/** Asks the recorded process to stop and kills it when it has not after `graceMs`; returns once it is gone. */
export async function stopProcess(record: ProcessRecord, name: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!isAlive(record)) return;
  signal(record.pid, name);
  if (await goneWithin(record, graceMs)) return;
  if (isAlive(record)) signal(record.pid, 'SIGKILL');
  await goneWithin(record, graceMs);
}

/** Stops what an earlier, killed keeper left behind under this record file, if it still lives and is really ours. */
export async function stopLeftover(path: string, name: NodeJS.Signals, graceMs: number): Promise<void> {
  const record = readProcessRecord(path);
  if (record) await stopProcess(record, name, graceMs);
  rmSync(path, { force: true });
}
