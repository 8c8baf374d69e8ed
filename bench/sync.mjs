import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, launch, printed, processesMarked, stop } from '../tools/running-product.mjs';
import { BreakableServices } from '../tools/soak/services.mjs';
import { cpuBetween, cpuOf } from './lib/cpu.mjs';
import { coresAreSplit, pinned } from './lib/pinned.mjs';
import { machine } from './lib/report.mjs';

// node bench/sync.mjs [--dossiers 20000] [--rate 150] [--parallel 16] [--batch 50]: one bulk synchronisation from the request to its
// report, with a sandbox that fails nothing; how much of the calls per second that the OPCO allows it has used. Build first.

const dist = '../dist/src';
const { startEmbeddedPostgres } = await import(`${dist}/dev/embedded-postgres.js`);
const { startEmbeddedRedis } = await import(`${dist}/dev/embedded-redis.js`);

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    dossiers: { ...text, default: '20000' },
    rate: { ...text, default: '150' },
    parallel: { ...text, default: '16' },
    batch: { ...text, default: '50' },
  },
});
const [dossiers, rate, parallel, batch] = ['dossiers', 'rate', 'parallel', 'batch'].map((name) =>
  Number(options[name]),
);
const opcoId = 'akto';
const say = (line) => process.stdout.write(`${line}\n`);
const row = (cells) => say(`| ${cells.join(' | ')} |`);

const folder = mkdtempSync(join(tmpdir(), 'opcovia-bench-'));
const services = new BreakableServices({ startEmbeddedPostgres, startEmbeddedRedis }, { folder, projectRoot: root });
const programs = [];

function begin(side, entry, env) {
  const [command, ...args] = pinned(side, [process.execPath, join(root, 'dist/src', entry)]);
  const program = launch(command, args, { cwd: root, env: { OPCOVIA_BENCH: folder, ...env } });
  programs.push(program);
  return program;
}

async function startSandbox() {
  const port = await freePort();
  await printed(begin('load', 'main.sandbox.js', { OPCOVIA_SANDBOX_PORT: String(port) }), /listening/, 30_000);
  const url = `http://127.0.0.1:${port}`;
  const control = async (path, body) => {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
    const answer = await fetch(`${url}/_sandbox/${path}`, init);
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${path}: ${await answer.text()}`);
    return answer.json();
  };
  await control('quotas', { opcoId, limit: 1e6 });
  await control('load', { opcoId, dossiers });
  return { url, control };
}

async function startProduct(sandboxUrl) {
  const program = begin('server', 'main.js', {
    DATABASE_URL: services.databaseUrl,
    REDIS_URL: services.redisUrl,
    OPCOVIA_SANDBOX_URL: sandboxUrl,
    OPCOVIA_STATE_DIR: join(folder, 'state'),
    // A poll would read the same dossiers out of the same budget.
    OPCOVIA_ROLES: 'api,worker,hub',
    OPCOVIA_API_PORT: '0',
    OPCOVIA_STAFF_PORT: '0',
    OPCOVIA_LOG_LEVEL: 'error',
    OPCOVIA_UPSTREAM_LIMITS: JSON.stringify({ [opcoId]: { callsPerSecond: rate, burst: rate } }),
    OPCOVIA_SYNC_PARALLEL_READS: String(parallel),
    OPCOVIA_SYNC_BATCH: String(batch),
  });
  const [, url] = await printed(program, /API +: (http:\S+)/, 120_000);
  const [, key] = await printed(program, /démonstration : (\S+)/, 60_000);
  const ask = async (method, path) => {
    const answer = await fetch(`${url}${path}`, { method, headers: { 'x-api-key': key } });
    return answer.json();
  };
  return { program, ask };
}

const residentMib = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function synchronise({ program, ask }) {
  const server = { processes: () => processesMarked(folder) };
  const before = cpuOf(server);
  const { statusUrl } = await ask('POST', `/${opcoId}/sync`);
  let [most, view] = [0, { status: 'pending' }];
  while (!['completed', 'failed'].includes(view.status)) {
    await pause(500);
    view = await ask('GET', statusUrl);
    most = Math.max(most, residentMib(program.child.pid));
  }
  if (view.status === 'failed') throw new Error(`the synchronisation failed: ${JSON.stringify(view.error)}`);
  const seconds = (Date.parse(view.completedAt) - Date.parse(view.startedAt)) / 1000;
  const { main } = cpuBetween(before, cpuOf(server), program.child.pid);
  return { view, seconds, most, cpu: main / view.report.seen };
}

async function run() {
  await services.start();
  const sandbox = await startSandbox();
  const product = await startProduct(sandbox.url);
  const { last } = await ledger(sandbox, 0);
  const { view, seconds, most, cpu } = await synchronise(product);
  const { calls } = await ledger(sandbox, last);
  const { seen, failed, ...report } = view.report;
  say(
    `Node ${process.versions.node}, ${machine()}, ${coresAreSplit ? 'product and sandbox on a core each' : 'cores not split'}\n`,
  );
  row(['dossiers', 'seconds', 'calls', 'calls/s', 'allowed', 'share used', 'failed', 'CPU us/dossier', 'MiB resident']);
  row(Array(9).fill('---:'));
  row([
    ...[seen, seconds.toFixed(1), calls, (calls / seconds).toFixed(1), rate],
    ...[`${((calls / seconds / rate) * 100).toFixed(1)} %`, failed.count, cpu.toFixed(0), most.toFixed(0)],
  ]);
  say(`\n${JSON.stringify(report)}`);
}

/** The sandbox's own count of what it heard, tokens aside. */
async function ledger({ control }, after) {
  for (let [calls, last] = [0, after]; ;) {
    const lines = await control(`ledger?opcoId=${opcoId}&after=${last}&limit=10000`);
    if (lines.length === 0) return { calls, last };
    calls += lines.filter(({ route }) => route !== 'token').length;
    last = lines.at(-1).seq;
  }
}

async function cleanUp() {
  await Promise.all(programs.map((program) => stop(program, 'SIGKILL', 5_000)));
  await services.stop();
  rmSync(folder, { recursive: true, force: true });
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void cleanUp().then(() => process.exit(130)));
try {
  await run();
} finally {
  await cleanUp();
}
