import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** A port of the loopback interface that is free at this moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Whether nobody listens on this loopback port. */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * Starts a program in a process group of its own and collects what it prints.
 * `env` is added to ours; every process below it inherits it, detached ones too, so that they can be found again.
 */
export function launch(command, args, { cwd, env, echo = false }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, detached: true });
  const program = { child, output: '', exited: undefined };
  const collect = (chunk) => {
    program.output += chunk;
    if (echo) process.stdout.write(chunk);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  program.exited = new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: -1, error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  return program;
}

/** Waits until the program has printed `pattern`; rejects with its output when it ends or when time is up. */
export async function printed(program, pattern, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  let ended = false;
  void program.exited.then(() => (ended = true));
  while (!pattern.test(program.output)) {
    if (ended) throw new Error(`ended before it printed ${pattern}:\n${program.output}`);
    if (Date.now() > deadline) throw new Error(`did not print ${pattern} in ${timeoutMs / 1000} s:\n${program.output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return pattern.exec(program.output);
}

/** Sends a signal to the program's whole group and waits; undefined when it outlives the time. */
export async function stop(program, signal, timeoutMs) {
  try {
    process.kill(-program.child.pid, signal);
  } catch {
    // The group is gone already: `exited` says how it ended.
  }
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  const end = await Promise.race([program.exited, late]);
  clearTimeout(timer);
  return end;
}

/** What /proc says of one process: `stat` fields count from 0 after the name; undefined when it is gone. */
function readProcess(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const text = ['cmdline', 'environ'].map((part) => readFileSync(`/proc/${pid}/${part}`, 'latin1')).join('\0');
    return { pid, name, parent: Number(fields[1]), zombie: fields[0] === 'Z', startedAt: fields[19], fields, text };
  } catch {
    return undefined;
  }
}

/**
 * All live processes that carry `mark` in their arguments or environment, and everything below them (Linux; empty
 * elsewhere). A detached keeper is found by its arguments, its children by their parent.
 */
export function processesMarked(mark) {
  const ids = existsSync('/proc/self/stat') ? readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)) : [];
  const all = ids.map((id) => readProcess(Number(id))).filter((one) => one && one.pid !== process.pid && !one.zombie);
  const found = new Map(all.filter((one) => one.text.includes(mark)).map((one) => [one.pid, one]));
  let before = -1;
  while (before !== found.size) {
    before = found.size;
    for (const one of all) if (found.has(one.parent)) found.set(one.pid, one);
  }
  return [...found.values()];
}

/** Those of `processes` that still run: same id, same start. */
export function stillRunning(processes) {
  return processes.filter((one) => {
    const now = readProcess(one.pid);
    return now !== undefined && !now.zombie && now.startedAt === one.startedAt;
  });
}
