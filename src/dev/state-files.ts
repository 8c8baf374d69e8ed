import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const PRIVATE = 0o600;

function writeBeside(path: string, content: string): string {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, content, { mode: PRIVATE, flag: 'wx' });
  return draft;
}

/** Replaces the file in one step, mode 600: a reader sees the old text or the new one, never half of it. */
export function writePrivate(path: string, content: string): void {
  renameSync(writeBeside(path, content), path);
}

/** Creates the file (mode 600) with its whole content, or answers false when it is there already: of two racing callers one wins. */
export function createPrivate(path: string, content: string): boolean {
  const draft = writeBeside(path, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The text of a file, undefined when it is absent; any other failure (permission, directory) is thrown. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A JSON file of ours; undefined when it is absent or not an object, which a caller treats as "never written". */
export function readRecord(path: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readIfThere(path) ?? 'null');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
