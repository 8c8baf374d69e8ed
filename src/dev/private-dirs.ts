import { accessSync, constants, lstatSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OTHERS_MAY_WRITE = 0o022;

function myUid(): number {
  return process.getuid?.() ?? -1;
}

/** True when the path is a real directory (no link) that belongs to us and that nobody else may write: safe to run files from. */
export function isOurs(directory: string): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === myUid() && (found.mode & OTHERS_MAY_WRITE) === 0;
}

function usable(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK | constants.X_OK);
    return isOurs(directory);
  } catch {
    return false;
  }
}

/** Under `sudo` HOME may be another person's: files of ours there would lock that person out. */
function homeCache(): string | undefined {
  const home = process.env['HOME'];
  if (home === undefined || home === '') return undefined;
  const found = statSync(home, { throwIfNoEntry: false });
  return found?.uid === myUid() ? join(home, '.cache') : undefined;
}

/** Where downloads may be kept between runs: XDG cache, else ~/.cache, else a private directory under the temporary one. */
export function cacheDirectory(): string {
  const bases = [process.env['XDG_CACHE_HOME'] || undefined, homeCache()];
  for (const base of bases) {
    if (base !== undefined && usable(join(base, 'opcovia'))) return join(base, 'opcovia');
  }
  return privateTemporary(tmpdir(), `opcovia-${myUid()}`);
}

/** A directory of ours below a place everyone may write: the wanted name, or a random one when a stranger took it first. */
export function privateTemporary(parent: string, name: string): string {
  const wanted = join(parent, name);
  return usable(wanted) ? wanted : mkdtempSync(`${wanted}-`);
}
