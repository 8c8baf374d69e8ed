import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Queue, Worker } from 'bullmq';
import pg from 'pg';
import { processesMarked, stop } from '../tools/running-product.mjs';
import { cpuBetween, cpuOf } from './lib/cpu.mjs';
import { coresAreSplit } from './lib/pinned.mjs';
import { machine } from './lib/report.mjs';
import { Rig, row } from './lib/rig.mjs';

// node bench/jobs.mjs [--jobs 2000] [--rounds 3] [--queued 100000]: jobs end to end (accept, commit at the OPCO, result, event) with a
// sandbox that fails nothing, beside bare BullMQ jobs that do nothing; then the memory of process and Redis with so many jobs that
// wait in PostgreSQL (0 leaves it out). Build first.

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    jobs: { ...text, default: '2000' },
    rounds: { ...text, default: '3' },
    queued: { ...text, default: '100000' },
  },
});
const [jobs, rounds, queued] = ['jobs', 'rounds', 'queued'].map((name) => Number(options[name]));
const opcoId = 'opco-ep';
const inFlight = 32;
const say = (line) => process.stdout.write(`${line}\n`);

const rig = new Rig();
const { services } = rig;

let count = 0;
/** About 4 kB, as in the row "accept". */
function body(numero) {
  count += 1;
  const file = `%PDF-1.4\n% ${process.pid}-${count}\n${'0123456789abcdef'.repeat(172)}\n%%EOF\n`;
  const objets = [{ typeObjet: 'dossier', idObjet: numero }];
  return JSON.stringify({
    typeFichier: 'convention',
    objets,
    _files: { 'c.pdf': Buffer.from(file).toString('base64') },
  });
}

async function accept({ url, key }, { numero, many }) {
  let left = many;
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  const client = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await fetch(`${url}/${opcoId}/documents`, { method: 'POST', headers, body: body(numero) });
      await answer.arrayBuffer();
      if (answer.status === 202) continue;
      left += 1;
      await pause(200);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
}

async function countOf(client, statement) {
  return Number((await client.query(statement)).rows[0].count);
}

async function endToEnd(product, client, numero) {
  const told = () => countOf(client, `SELECT count(*) FROM events WHERE type = 'job.completed'`);
  const target = (await told()) + jobs;
  const server = { processes: () => processesMarked(rig.folder) };
  const [before, begun] = [cpuOf(server), performance.now()];
  await accept(product, { numero, many: jobs });
  const accepted = performance.now();
  while ((await told()) < target) await pause(20);
  const seconds = (performance.now() - begun) / 1000;
  const { total, main } = cpuBetween(before, cpuOf(server), product.program.child.pid);
  return { perSecond: jobs / seconds, accepted: (accepted - begun) / 1000, cpu: total / jobs, main: main / jobs };
}

/** BullMQ as we use it (one attempt, nothing kept), with jobs that do nothing. */
async function bare() {
  const connection = { url: services.redisUrl, maxRetriesPerRequest: null };
  const name = `bare-${process.pid}`;
  const queue = new Queue(name, { connection });
  let done = 0;
  const begun = performance.now();
  const all = new Promise((resolve) => {
    const worker = new Worker(name, async () => undefined, { connection, concurrency: 10 });
    worker.on('completed', () => {
      done += 1;
      if (done === jobs) resolve(worker.close());
    });
  });
  const data = { jobId: 'x'.repeat(36), tenantHash: 'y'.repeat(64), opcoId, v: 1 };
  for (let at = 0; at < jobs; at += inFlight) {
    const some = Array.from({ length: Math.min(inFlight, jobs - at) }, () =>
      queue.add('deposit', data, { removeOnComplete: true }),
    );
    await Promise.all(some);
  }
  await all;
  const perSecond = jobs / ((performance.now() - begun) / 1000);
  await queue.close();
  return { perSecond };
}

const residentMib = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function memory(product, client, numero) {
  const look = () => ({ process: residentMib(product.program.child.pid), redis: residentMib(services.redisPid) });
  const empty = look();
  await accept(product, { numero, many: queued });
  await pause(5_000);
  const waiting = await countOf(client, `SELECT count(*) FROM jobs WHERE status IN ('pending', 'processing')`);
  return { empty, full: look(), waiting };
}

const best = (values) => Math.max(...values).toFixed(0);
const median = (values) => [...values].sort((one, other) => one - other)[values.length >> 1].toFixed(0);

async function run() {
  await rig.control('quotas', { opcoId, limit: 1e6 });
  const { premier: numero } = await rig.control('seed', { opcoId, apiKey: `sandbox-cfa-key-${opcoId}`, dossiers: 12 });
  const client = new pg.Client({ connectionString: services.databaseUrl });
  // The services end before it does when the bench breaks off.
  client.on('error', () => undefined);
  await client.connect();
  const product = await rig.product(opcoId);
  await client.query('SET ROLE opcovia_system');
  say(
    `Node ${process.versions.node}, ${machine()}, ${coresAreSplit ? 'servers and load on a core each' : 'cores not split'}\n`,
  );
  row([
    `${jobs} jobs, ${rounds} rounds`,
    'jobs/s, best',
    'median',
    'CPU us/job, Redis aside, min',
    'process alone, min',
    'accepted in s, min',
  ]);
  row(['---', '---:', '---:', '---:', '---:', '---:']);
  const [ours, theirs] = [[], []];
  for (let turn = 0; turn < rounds; turn += 1) {
    ours.push(await endToEnd(product, client, numero));
    theirs.push(await bare());
  }
  const least = (name) => Math.min(...ours.map((round) => round[name])).toFixed(name === 'accepted' ? 1 : 0);
  const rates = (all) => all.map(({ perSecond }) => perSecond);
  row(['end to end', best(rates(ours)), median(rates(ours)), least('cpu'), least('main'), least('accepted')]);
  row(['bare BullMQ, no-op', best(rates(theirs)), median(rates(theirs)), '', '', '']);
  await stop(product.program, 'SIGTERM', 40_000);
  if (queued > 0) await weigh(client, numero);
  await client.end();
}

/** Nobody listens where the OPCO should be: everything waits. */
async function weigh(client, numero) {
  const product = await rig.product(opcoId);
  await stop(rig.sandbox, 'SIGKILL', 5_000);
  const { empty, full, waiting } = await memory(product, client, numero);
  say('');
  row(['Memory, MiB resident', 'process', 'Redis']);
  row(['---', '---:', '---:']);
  row(['nothing waits', empty.process.toFixed(0), empty.redis.toFixed(0)]);
  row([`${waiting} jobs wait`, full.process.toFixed(0), full.redis.toFixed(0)]);
}

await rig.run(run);
