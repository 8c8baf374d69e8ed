import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, isOurs } from './private-dirs.js';
import { runCommand } from './run-command.js';
import { readIfThere } from './state-files.js';

/** A server program and the library path it needs. */
export interface RedisProgram {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

const TIME_LIMIT_MS = 120_000;
const SYSTEM_LISTS = '/var/lib/apt/lists';
/** The package of the tools carries the server too: `redis-check-rdb` is the same program and looks at the name it is called by. */
const PACKAGE = 'redis-tools';

/** Libraries of another release would not fit its C library: the cache is kept per release and processor. */
function cacheName(): string {
  const release = readIfThere('/etc/os-release') ?? '';
  const of = (key: string): string => new RegExp(`^${key}="?([\\w.-]+)`, 'm').exec(release)?.[1] ?? 'unknown';
  return `redis-${of('ID')}-${of('VERSION_ID')}-${process.arch}`;
}

function programIn(directory: string): RedisProgram {
  const folders = ['usr/lib', 'lib'].flatMap((parent) => {
    const path = join(directory, parent);
    const entries = statSync(path, { throwIfNoEntry: false }) ? readdirSync(path) : [];
    return entries.filter((entry) => entry.includes('-linux-')).map((entry) => join(path, entry));
  });
  return { command: join(directory, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: folders.join(':') } };
}

/** True when the program starts here, with all its libraries. */
export async function runsHere(program: RedisProgram): Promise<boolean> {
  const { code } = await runCommand(program.command, ['--version'], {
    env: { ...process.env, ...program.env },
    timeoutMs: 10_000,
  });
  return code === 0;
}

class PrivateApt {
  constructor(
    private readonly directory: string,
    private readonly lists: string,
    private readonly signal: AbortSignal,
  ) {
    for (const folder of ['state', 'cache', 'lists', 'debs'])
      mkdirSync(join(directory, folder, 'partial'), { recursive: true });
  }

  /** State, cache and lists of our own: the machine's package manager never notices. As root apt would switch to a user that cannot write here. */
  private get settings(): string[] {
    const at = (folder: string): string => join(this.directory, folder);
    const all = [
      `Dir::State=${at('state')}`,
      `Dir::State::lists=${this.lists}`,
      'Dir::State::status=/var/lib/dpkg/status',
      `Dir::Cache=${at('cache')}`,
      'APT::Sandbox::User=root',
      'Acquire::Languages=none',
      'Acquire::Retries=1',
      'Acquire::http::Timeout=15',
      'Acquire::https::Timeout=15',
    ];
    return all.flatMap((setting) => ['-o', setting]);
  }

  private run(command: string, ...args: string[]): ReturnType<typeof runCommand> {
    return runCommand(command, [...this.settings, ...args], {
      cwd: join(this.directory, 'debs'),
      env: { ...process.env, LC_ALL: 'C' },
      signal: this.signal,
      timeoutMs: TIME_LIMIT_MS,
    });
  }

  async update(): Promise<void> {
    await this.run('apt-get', 'update', '-qq');
  }

  /** Fetches the package and the libraries it names (the C library stays the system's) and unpacks them below `target`. */
  async unpackInto(target: string): Promise<boolean> {
    const { stdout } = await this.run('apt-cache', 'depends', PACKAGE);
    const named = [...stdout.matchAll(/^ [ |]Depends: (lib[a-z0-9.+-]+|lua-[a-z0-9.+-]+)$/gm)].map(
      (match) => match[1] ?? '',
    );
    const wanted = named.filter((name) => name !== 'libc6');
    if (wanted.length === 0) return false;
    if ((await this.run('apt-get', 'download', '-qq', PACKAGE, ...wanted)).code !== 0) return false;
    const debs = join(this.directory, 'debs');
    for (const file of readdirSync(debs).filter((name) => name.endsWith('.deb'))) {
      if ((await runCommand('dpkg-deb', ['-x', join(debs, file), target], { signal: this.signal })).code !== 0)
        return false;
    }
    return true;
  }
}

function systemListsAreFilled(): boolean {
  try {
    return readdirSync(SYSTEM_LISTS).some((name) => name.includes('_Packages'));
  } catch {
    return false;
  }
}

async function fetchInto(draft: string, signal: AbortSignal): Promise<boolean> {
  const apt = join(draft, 'apt');
  const target = join(draft, 'root');
  const unpack = async (lists: string, update: boolean): Promise<boolean> => {
    const run = new PrivateApt(apt, lists, signal);
    if (update) await run.update();
    return !signal.aborted && (await run.unpackInto(target));
  };
  const unpacked =
    (systemListsAreFilled() && (await unpack(SYSTEM_LISTS, false))) || (await unpack(join(apt, 'lists'), true));
  if (!unpacked) return false;
  rmSync(join(target, 'usr/bin/redis-server'), { force: true });
  symlinkSync('redis-check-rdb', join(target, 'usr/bin/redis-server'));
  return runsHere(programIn(target));
}

/** Reads which Debian-like tools exist; without them this way to a Redis is closed. */
async function hasTools(): Promise<boolean> {
  const found = await Promise.all(
    ['apt-get', 'dpkg-deb'].map((tool) => runCommand(tool, ['--version'], { timeoutMs: 10_000 })),
  );
  return found.every(({ code }) => code === 0);
}

/**
 * A real Redis from the distribution's own package, unpacked into a private cache without root and without touching
 * the system's package state. Undefined when there is no apt, no network, or it took too long.
 */
export async function redisFromPackage(
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<RedisProgram | undefined> {
  if (process.platform !== 'linux') return undefined;
  const cache = cacheDirectory();
  const target = join(cache, cacheName());
  if (isOurs(target)) {
    if (await runsHere(programIn(target))) return programIn(target);
    rmSync(target, { recursive: true, force: true });
  }
  if (!(await hasTools())) return undefined;
  onProgress(
    'Redis : absent du PATH, téléchargement du paquet Debian dans un cache privé (une seule fois, deux minutes au plus)',
  );
  const draft = mkdtempSync(`${target}-`);
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
    if (!(await fetchInto(draft, limit))) return undefined;
    settle(join(draft, 'root'), target);
    return (await runsHere(programIn(target))) ? programIn(target) : undefined;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Gives the finished tree its name in one step; when another starter was first, its tree is used. */
function settle(finished: string, target: string): void {
  try {
    renameSync(finished, target);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
