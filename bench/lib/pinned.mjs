import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-V']).status === 0;

/** Whether servers and load run on cores of their own. */
export const coresAreSplit = canPin;

/** The command line pinned to the core of the servers (0) or of the load (1), or as it is where that cannot be done. */
export function pinned(side, commandLine) {
  return canPin ? ['taskset', '-c', side === 'server' ? '0' : '1', ...commandLine] : commandLine;
}
