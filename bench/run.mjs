import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cpuBetween, cpuOf } from './lib/cpu.mjs';
import { coresAreSplit, pinned } from './lib/pinned.mjs';
import { keepJson, machine, markdown, rewritePage, summarise } from './lib/report.mjs';
import { rows } from './lib/rows.mjs';
import { startBare } from './targets/bare.mjs';
import { nginxFound, startNginx } from './targets/nginx.mjs';
import { startProduct } from './targets/product.mjs';

// npm run bench [-- --quick] [--rows hit,miss] [--rounds 7] [--seconds 5] [--no-product] [--no-write]
// See docs/benchmarks.md for what is measured and how.

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    'no-product': { type: 'boolean', default: false },
    'no-write': { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 2 : 5));
const seconds = Number(options.seconds ?? (options.quick ? 2 : 5));
const wanted = options.rows?.split(',') ?? rows.map(({ name }) => name);

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    void Promise.allSettled([...running].map((target) => target.stop())).then(() => process.exit(130));
  });
}

async function start(starting) {
  const target = await starting;
  running.add(target);
  return target;
}

async function stopAll() {
  await Promise.allSettled([...running].map((target) => target.stop()));
  running.clear();
}

/** The targets of one row; one that does not start is told and left out, so that the others are still measured. */
async function startTargets(row, failures) {
  const http = await start(startBare('node:http', 'http-server.mjs'));
  const targets = [http, await start(startBare('fastify', 'fastify-server.mjs'))];
  const others = [];
  if (row.nginxPath && nginxFound()) others.push(['nginx', () => startNginx(http.port)]);
  if (!options['no-product']) others.push(['opcovia', () => startProduct(row.env)]);
  for (const [name, begin] of others) {
    try {
      targets.push(await start(begin()));
    } catch (error) {
      failures.push(`${name} did not start: ${error.message.split('\n').slice(-3).join(' ')}`);
      process.stdout.write(`  ${name} did not start: ${error.message}\n`);
    }
  }
  return targets;
}

function load(target, row, duration) {
  const order = {
    url: `${target.url}${target.name === 'nginx' ? row.nginxPath : row.path}`,
    method: row.method,
    headers: { ...target.headers, ...row.headers },
    expected: row.expected,
    connections: row.connections,
    seconds: duration,
    deposit: row.deposit === true,
  };
  return printedBy(pinned('load', [process.execPath, join(here, 'load.mjs'), JSON.stringify(order)])).then(JSON.parse);
}

/** What a program writes until it ends well. */
function printedBy([command, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve(output) : reject(new Error(`${args.at(1)} ended with ${code}`))));
  });
}

async function round(target, row) {
  const before = cpuOf(target);
  const result = await load(target, row, seconds);
  const spent = cpuBetween(before, cpuOf(target), target.mainPid);
  const per = (micros) => micros / Math.max(1, result.answered);
  return { ...result, cpuPerRequest: per(spent.total), mainCpuPerRequest: per(spent.main), cpuByName: spent.byName };
}

async function measure(row) {
  process.stdout.write(`\n▶ ${row.name}: ${row.title}\n`);
  if (row.script) return measureByScript(row);
  const failures = [];
  const targets = await startTargets(row, failures);
  const taken = new Map(targets.map((target) => [target.name, []]));
  for (const target of targets) await load(target, row, Math.min(2, seconds));
  for (let turn = 1; turn <= rounds; turn += 1) {
    for (const target of targets) {
      const result = await round(target, row);
      taken.get(target.name).push(result);
      const [cpu, rate] = [result.cpuPerRequest.toFixed(1), result.perSecond.toFixed(0)];
      process.stdout.write(
        `  ${turn}/${rounds} ${target.name.padEnd(10)} ${cpu.padStart(8)} us  ${rate.padStart(7)} req/s  ${JSON.stringify(result.statuses)}\n`,
      );
    }
  }
  await stopAll();
  const measured = [...taken].map(([name, results]) => ({ name, summary: summarise(results), rounds: results }));
  return { name: row.name, title: row.title, nginxDoes: row.nginxDoes, failures, targets: measured };
}

async function measureByScript({ name, title, script, args = [] }) {
  const limits = ['--rounds', String(rounds), '--seconds', String(seconds), ...args];
  const printed = await printedBy(pinned('server', [process.execPath, join(here, script), ...limits]));
  return { name, title, printed, failures: [], targets: [] };
}

const result = {
  command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  date: new Date().toISOString(),
  node: process.versions.node,
  machine: machine(),
  split: coresAreSplit,
  nginx: nginxFound(),
  rounds,
  seconds,
  rows: [],
};
try {
  for (const row of rows.filter(({ name }) => wanted.includes(name))) result.rows.push(await measure(row));
} finally {
  await stopAll();
}
const text = markdown(result);
process.stdout.write(`\n${text}\n\n${keepJson(root, result)}\n`);
if (!options.quick && !options['no-write'] && !options['no-product']) rewritePage(root, text);
process.exitCode = result.rows.some(({ failures }) => failures.length > 0) ? 1 : 0;
