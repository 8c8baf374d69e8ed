import { spawn, type ChildProcess } from 'node:child_process';

/** A built entry file that runs as a process of its own. */
export interface BuiltProcess {
  readonly child: ChildProcess;
  /** All that it printed so far, both streams. */
  printed(): string;
  /** Resolves when the text was printed; rejects when the process ends before, or after a minute. */
  until(text: string): Promise<void>;
  /** Resolves with the exit code (null when killed). */
  readonly ended: Promise<number | null>;
}

/** Starts `dist/src/<entry>` with the given variables and nothing else of ours. */
export function runBuilt(
  entry: string,
  variables: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): BuiltProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [`dist/src/${entry}`, ...args], {
    env: { ...(PATH && { PATH }), ...(HOME && { HOME }), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      for (const watch of watchers) watch();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const until = (wanted: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!text.includes(wanted)) return;
        watchers.delete(look);
        clearTimeout(late);
        resolve();
      };
      const late = setTimeout(() => reject(new Error(`"${wanted}" was not printed:\n${text}`)), 180_000);
      watchers.add(look);
      void ended.then(() =>
        text.includes(wanted) ? resolve() : reject(new Error(`it ended before "${wanted}":\n${text}`)),
      );
      look();
    });
  return { child, printed: () => text, until, ended };
}

/** JavaScript for `--import`: told by SIGUSR2, the process forgets to catch a rejection whose every text is the given one. */
export function carelessAbout(text: string): string {
  return `process.on('SIGUSR2', () => {
    const detail = '${text}';
    void Promise.reject(Object.assign(new Error(detail + '\\n    at ' + detail), { detail, cause: new Error(detail) }));
  })`;
}
