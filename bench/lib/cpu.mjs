import { spawnSync } from 'node:child_process';

const ticksPerSecond = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100;

/**
 * CPU microseconds used so far by each process of a target, by process id: user and system time of the process and of
 * those of its children that have ended (fields 14 to 17 of /proc/<pid>/stat; `fields` begins at the third).
 */
export function cpuOf(target) {
  const used = new Map();
  for (const { pid, name, fields } of target.processes()) {
    const ticks = fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
    used.set(pid, { name, micros: (ticks / ticksPerSecond) * 1e6 });
  }
  return used;
}

/** What was used between two readings: in all, by the target's own process, and by name. */
export function cpuBetween(before, after, mainPid) {
  const spent = { total: 0, main: 0, byName: {} };
  for (const [pid, { name, micros }] of after) {
    const difference = Math.max(0, micros - (before.get(pid)?.micros ?? 0));
    spent.total += difference;
    if (pid === mainPid) spent.main = difference;
    spent.byName[name] = (spent.byName[name] ?? 0) + difference;
  }
  return spent;
}
