import { readFileSync } from 'node:fs';

/** Nest's command line starts us through a shell: it stands at most this far up. */
const ancestorsLooked = 3;

/**
 * Whether `nest start --watch` started this process and will start it again at the next change. Read from `/proc`: elsewhere than
 * on Linux the answer is false, and the embedded services simply restart with each change.
 */
export function underWatch(pid: number = process.ppid, left: number = ancestorsLooked): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    if (words.some((word) => /(^|\/)nest(\.js)?$/.test(word)) && words.some((word) => /^(--watch|-w)$/.test(word)))
      return true;
    const [, parent = '0'] = /\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    return left > 1 && parent !== '0' && underWatch(Number(parent), left - 1);
  } catch {
    return false;
  }
}

/** Calls back once when the parent is gone: its shell takes a SIGTERM for itself and hands nothing on. */
export function onOrphaned(orphaned: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    orphaned();
  }, 500);
  timer.unref();
}
