import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { cpuBetween, cpuOf } from './lib/cpu.mjs';
import { coresAreSplit, pinned } from './lib/pinned.mjs';
import { machine } from './lib/report.mjs';
import { startProduct } from './targets/product.mjs';

// node bench/preflight.mjs [--rounds 5] [--seconds 3] [--no-http]: how many whole contracts are judged a second, in this process by
// rooms 01 and 02, and over HTTP with dryRun=true. Build first.

const dist = '../dist/src';
const { adapters } = await import(`${dist}/opco/adapters.js`);
const { PipelineRunner } = await import(`${dist}/pipeline/pipeline.runner.js`);
const { ResolveAdapterStage } = await import(`${dist}/pipeline/01-resolve-adapter/resolve-adapter.stage.js`);
const { ValidateRequestStage } = await import(`${dist}/pipeline/02-validate-request/validate-request.stage.js`);
const { exampleCerfa } = await import(`${dist}/core/contract/cerfa-example.js`);
const { parseStrictJson } = await import(`${dist}/core/strict-json.js`);
const { systemClock } = await import(`${dist}/core/clock.js`);
const { tenantHashOf } = await import(`${dist}/core/tenant.js`);

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    'no-http': { type: 'boolean', default: false },
  },
});
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];

const runner = new PipelineRunner([new ResolveAdapterStage(adapters), new ValidateRequestStage()], systemClock);
const tenant = { hash: tenantHashOf('bench'), environment: 'test', nom: 'CFA', keyId: 'bench' };
const call = { requestId: 'bench', tenant, opcoId: 'akto', endpoint: 'depositDossier', traffic: 'interactive' };
// Many different people, so that nothing is judged twice in a row.
const bodies = Array.from({ length: 500 }, (_, rank) => ({ cerfa: exampleCerfa({ rank }) }));
const texts = bodies.map((body) => Buffer.from(JSON.stringify(body)));

async function judge(body) {
  const exchange = await runner.run({ ...call, query: {}, cache: {}, body });
  if (exchange.failure) throw exchange.failure;
  return exchange;
}

const subjects = {
  'rooms 01 and 02': (n) => judge(bodies[n % bodies.length]),
  'the same, the text read strictly before and doubted after': async (n) => {
    const exchange = await judge(parseStrictJson(texts[n % texts.length]));
    if (exchange.read('endpoint').warn(exchange.read('question')).length > 0)
      throw new Error('the example is doubtful');
  },
};

/** CPU microseconds for one. */
async function measured(subject) {
  const cpu = process.cpuUsage();
  const until = performance.now() + seconds * 1000;
  let count = 0;
  while (performance.now() < until) for (let n = 0; n < 500; n += 1, count += 1) await subject(n);
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / count;
}

const line = (title, micros) =>
  process.stdout.write(`| ${title} | ${micros.toFixed(0)} | ${(1e6 / micros).toFixed(0)} |\n`);

process.stdout.write(
  `Node ${process.versions.node}, ${machine()}, ${coresAreSplit ? 'a core each' : 'cores not split'}\n`,
);
process.stdout.write(`a body of ${texts[0].length} bytes; ${rounds} interleaved rounds of ${seconds} s\n\n`);
process.stdout.write('| What | CPU us, min | a second on a core |\n| --- | ---: | ---: |\n');
const best = new Map();
for (let round = 0; round < rounds; round += 1)
  for (const [title, subject] of Object.entries(subjects))
    best.set(title, Math.min(best.get(title) ?? Infinity, await measured(subject)));
for (const [title, micros] of best) line(title, micros);

/** A round over HTTP; what was not answered 200 is no judgement. */
async function round(target) {
  const headers = { ...target.headers, 'content-type': 'application/json' };
  const url = `${target.url}/akto/dossiers?dryRun=true`;
  const order = { url, method: 'POST', headers, body: texts[0].toString(), connections: 32, seconds };
  const [command, ...args] = pinned('load', [process.execPath, join(here, 'load.mjs'), JSON.stringify(order)]);
  const before = cpuOf(target);
  const { stdout } = await promisify(execFile)(command, args);
  const { answered, good, perSecond, p99Ms } = JSON.parse(stdout);
  if (good < answered) throw new Error(`${answered - good} of ${answered} were refused`);
  const { total, main } = cpuBetween(before, cpuOf(target), target.mainPid);
  return { total: total / answered, main: main / answered, perSecond, p99Ms };
}

if (!options['no-http']) {
  const target = await startProduct({ OPCOVIA_POLL_INTERVAL_SECONDS: '3600' });
  try {
    const all = [];
    for (let n = 0; n < rounds; n += 1) all.push(await round(target));
    const least = (name) => Math.min(...all.map((each) => each[name]));
    line('over HTTP, dryRun=true, process alone', least('main'));
    line('over HTTP, dryRun=true, with PostgreSQL, Redis and sandbox', least('total'));
    const rate = Math.max(...all.map(({ perSecond }) => perSecond));
    process.stdout.write(`\nbest ${rate.toFixed(0)} a second over HTTP, p99 ${least('p99Ms')} ms\n`);
  } finally {
    await target.stop();
  }
}
