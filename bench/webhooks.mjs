import { createServer } from 'node:http';
import { createServer as createSilence } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, processesMarked } from '../tools/running-product.mjs';
import { cpuBetween, cpuOf } from './lib/cpu.mjs';
import { coresAreSplit } from './lib/pinned.mjs';
import { machine } from './lib/report.mjs';
import { Rig, row } from './lib/rig.mjs';

// node bench/webhooks.mjs [--webhooks 500] [--dead 100] [--events 20] [--pause 500]: events of one tenant, each owed to every webhook, of
// which some are dead (half refuse connections, half never answer). Prints the time from the commit of an event to its arrival at the
// sound ones, and deliveries a second while they are busy. Build first.

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    webhooks: { ...text, default: '500' },
    dead: { ...text, default: '100' },
    events: { ...text, default: '20' },
    pause: { ...text, default: '500' },
  },
});
const [webhooks, dead, events, between] = ['webhooks', 'dead', 'events', 'pause'].map((name) => Number(options[name]));
const opcoId = 'opco-ep';
const rig = new Rig();

/** Takes everything, and notes how long each event was under way and when the first and the last came. */
async function receiver() {
  const delays = [];
  const span = { from: 0, to: 0 };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const now = Date.now();
      response.end();
      const { event, timestamp } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      if (event !== 'job.completed') return;
      delays.push(now - Date.parse(timestamp));
      span.from ||= now;
      span.to = now;
    });
  });
  const port = await listening(server);
  return { delays, span, port, close: () => server.close() };
}

function listening(server) {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

async function call({ url, key }, path, body) {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${answer.status} to ${path}: ${await answer.text()}`);
  return answer.json();
}

const document = (numero, n) => ({
  typeFichier: 'convention',
  objets: [{ typeObjet: 'dossier', idObjet: numero }],
  _files: { 'c.pdf': Buffer.from(`%PDF-1.4\n% ${n}\n%%EOF\n`).toString('base64') },
});
const quantile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

async function subscribe(product, ports) {
  for (let n = 0; n < webhooks; n += 1) {
    const port = n >= dead ? ports.sound : n % 2 ? ports.refusing : ports.silent;
    await call(product, '/webhooks', { url: `http://127.0.0.1:${port}/${n}`, events: ['job.completed'] });
  }
}

await rig.run(async () => {
  await rig.control('quotas', { opcoId, limit: 1e6 });
  const { premier: numero } = await rig.control('seed', { opcoId, apiKey: `sandbox-cfa-key-${opcoId}`, dossiers: 12 });
  const sound = await receiver();
  const silence = createSilence(() => undefined);
  const ports = { sound: sound.port, silent: await listening(silence), refusing: await freePort() };
  const product = await rig.product(opcoId, {
    OPCOVIA_WEBHOOKS_PER_TENANT: String(webhooks + 20),
    OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: Object.values(ports)
      .map((port) => `127.0.0.1/32:${port}`)
      .join(','),
  });
  await subscribe(product, ports);
  const server = { processes: () => processesMarked(rig.folder) };
  const before = cpuOf(server);
  for (let n = 0; n < events; n += 1) {
    await call(product, `/${opcoId}/documents`, document(numero, n));
    await pause(between);
  }
  const wanted = events * (webhooks - dead);
  for (let idle = 0, seen = 0; sound.delays.length < wanted && idle < 600; idle += 1) {
    await pause(100);
    if (sound.delays.length > seen) idle = 0;
    seen = sound.delays.length;
  }
  const { total, main } = cpuBetween(before, cpuOf(server), product.program.child.pid);
  report(sound, { wanted, total, main });
  sound.close();
  silence.close();
});

function report({ delays, span }, { wanted, total, main }) {
  const sorted = [...delays].sort((one, other) => one - other);
  const split = coresAreSplit ? 'servers and load on a core each' : 'cores not split';
  process.stdout.write(`Node ${process.versions.node}, ${machine()}, ${split}\n\n`);
  row([
    `${webhooks} webhooks, ${dead} dead, ${events} events`,
    'arrived',
    'p50 ms',
    'p95',
    'p99',
    'a second',
    'CPU us each',
    'process alone',
  ]);
  row(['---', '---:', '---:', '---:', '---:', '---:', '---:', '---:']);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((part) => quantile(sorted, part));
  const perSecond = (delays.length / ((span.to - span.from) / 1000)).toFixed(0);
  const each = (micros) => (micros / delays.length).toFixed(0);
  row(['commit -> receiver', `${delays.length} of ${wanted}`, p50, p95, p99, perSecond, each(total), each(main)]);
}
