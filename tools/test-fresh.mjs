import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, isFree, launch, printed, processesMarked, stillRunning, stop } from './running-product.mjs';

// What a stranger does: clone the last commit, install, start, paste the three printed lines, press Ctrl-C.

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(join(tmpdir(), 'opcovia-fresh-'));
// As root, PostgreSQL runs as another user and must be able to walk there.
chmodSync(scratch, 0o755);
const clone = join(scratch, 'opcovia');
const results = [];

async function step(name, work) {
  const startedAt = Date.now();
  process.stdout.write(`▶ ${name}\n`);
  try {
    const answer = await work();
    results.push(true);
    process.stdout.write(`  ok, ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
    return answer;
  } catch (error) {
    results.push(false);
    process.stdout.write(`  FAILED: ${error.message}\n`);
    return undefined;
  }
}

/** The usual ports when they are free, as for a stranger; others when something runs here already. */
async function choosePorts() {
  const names = { OPCOVIA_API_PORT: 3000, OPCOVIA_SANDBOX_PORT: 4010, OPCOVIA_STAFF_PORT: 9464 };
  const free = await Promise.all(Object.values(names).map(isFree));
  if (free.every(Boolean)) return { ports: Object.values(names), env: {} };
  process.stdout.write('  the usual ports are taken here: others are used\n');
  const ports = [await freePort(), await freePort(), await freePort()];
  return { ports, env: Object.fromEntries(Object.keys(names).map((name, index) => [name, String(ports[index])])) };
}

/** The printed lines that begin with `curl`, lines continued by a backslash joined. */
function curlLines(output) {
  const joined = output.replace(/\\\r?\n\s*/g, ' ');
  return [...joined.matchAll(/^[\s$│|]*(curl .*?)[\s│|]*$/gm)].map((match) => match[1]);
}

function paste(line) {
  // A curlrc makes an HTTP error a failure without touching the printed line itself.
  const env = { ...process.env, CURL_HOME: scratch };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { env, encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(`${line}\n  ${stderr.trim()}\n  ${stdout.trim()}`);
  process.stdout.write(`  ${stdout.trim().slice(0, 200)}\n`);
}

async function useIt(ports, env) {
  const product = launch('npm', ['start'], { cwd: clone, env, echo: true });
  const ready = await step('npm start says that it is ready', () => printed(product, /Opcovia est prêt/, 180_000));
  if (ready) {
    // The lines may be printed after the sentence: wait for the third.
    await step('three curl lines are printed', () => printed(product, /(?:^[\s$│|]*curl .*[\s\S]*?){3}/m, 10_000));
    for (const line of curlLines(product.output).slice(0, 3)) await step(line, () => paste(line));
  }
  const started = processesMarked(clone);
  process.stdout.write(`  running: ${started.map(({ name }) => name).join(', ')}\n`);
  await step('Ctrl-C ends it', async () => {
    const end = await stop(product, 'SIGINT', 40_000);
    if (!end) throw new Error('still running 40 s after Ctrl-C');
  });
  await step('nothing is left running', async () => {
    const deadline = Date.now() + 10_000;
    const left = () => stillRunning([...started, ...processesMarked(clone)]);
    while (left().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    const names = left().map(({ pid, name }) => `${name} (${pid})`);
    for (const { pid } of left()) process.kill(pid, 'SIGKILL');
    if (names.length > 0) throw new Error([...new Set(names)].join(', '));
  });
  await step('its ports are free again', async () => {
    const free = await Promise.all(ports.map(isFree));
    const taken = ports.filter((_port, index) => !free[index]);
    if (taken.length > 0) throw new Error(`taken: ${taken.join(', ')}`);
  });
}

mkdirSync(scratch, { recursive: true });
writeFileSync(join(scratch, '.curlrc'), 'fail-with-body\nsilent\nshow-error\nmax-time = 30\n');
const dirty = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }).split('\n').length - 1;
if (dirty > 0) process.stdout.write(`note: the last commit is tested; ${dirty} uncommitted files are not\n`);
try {
  const cloned = await step('git clone', () =>
    execFileSync('git', ['clone', '--quiet', root, clone], { stdio: ['ignore', 'inherit', 'pipe'], encoding: 'utf8' }),
  );
  const installed =
    cloned !== undefined &&
    (await step('npm ci', () => {
      execFileSync('npm', ['ci'], { cwd: clone, stdio: ['ignore', 'inherit', 'inherit'] });
      return true;
    }));
  if (installed) {
    const { ports, env } = await choosePorts();
    await useIt(ports, env);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const failed = results.filter((ok) => !ok).length;
process.stdout.write(`\n${results.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
