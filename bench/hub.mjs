import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { decisionCost } from './lib/hub-decision.mjs';
import { between, excess, jain, percentile, recovered, run } from './lib/hub-run.mjs';
import { otherLimiters, runOther } from './lib/other-limiters.mjs';
import { plot } from './lib/plot.mjs';

// node bench/hub.mjs [--virtual-seconds 1200] [--write]: hub and instances as they are, in virtual time, against OPCOs whose true limit is
// halved at a quarter and restored at half of the time. With --write the tables and plots of docs/hub.md are replaced. Build first.

const { values: options } = parseArgs({
  options: {
    'virtual-seconds': { type: 'string', default: '1200' },
    write: { type: 'boolean', default: false },
    // What `npm run bench` tells every script; virtual time needs neither.
    rounds: { type: 'string' },
    seconds: { type: 'string' },
  },
});
const seconds = Number(options['virtual-seconds']);
const docs = new URL('../docs/', import.meta.url);
const believed = 10;
const [quarter, half, steady] = [seconds / 4, seconds / 2, seconds * 0.75];
const moving = (limit) => (now) => (now >= quarter * 1000 && now < half * 1000 ? limit / 2 : limit);
const written = [];

function table(head, rows) {
  const text = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
  process.stdout.write(`${text}\n`);
  written.push(text);
}

/** What a learning hub meets depends on chance: when probes fall, who asks next. */
const seeds = [1, 2, 3, 4, 5];
const fixed = (value, digits) => (value === undefined ? 'never' : value.toFixed(digits));

function measures(seen, limit) {
  const [accepted, refused] = [between(seen.accepted, steady, seconds), between(seen.refused, steady, seconds)];
  return [
    (accepted / (limit * (seconds - steady))) * 100,
    (refused / (accepted + refused)) * 100,
    (seen.refused.length / (seen.accepted.length + seen.refused.length)) * 100,
    recovered(seen, quarter, half, limit / 2),
    recovered(seen, half, steady, limit),
  ];
}

const measured = ['steady: used %', 'steady: 429 %', 'all: 429 %', 'halved: s', 'doubled: s'];
const digits = [1, 2, 2, 1, 1];

/** The middle one of several runs; never has no number. */
const median = (values) =>
  [...values].sort((one, other) => (one ?? Infinity) - (other ?? Infinity))[values.length >> 1];

/** The median, and the worst in brackets, of what `measures` gave for several seeds. */
function medians(runs) {
  return measured.map((_, column) => {
    const values = runs.map((run) => run[column]);
    const worst = column === 0 ? Math.min(...values) : values.includes(undefined) ? undefined : Math.max(...values);
    return `${fixed(median(values), digits[column])} (${fixed(worst, digits[column])})`;
  });
}

async function learning() {
  const rows = [];
  for (const kind of ['fixed', 'sliding', 'bucket']) {
    for (const limit of [10, 20, 50]) {
      const size = { rate: believed, burst: believed, ceiling: 200 };
      const set = { kind, limitAt: moving(limit), seconds, size, instances: 4, tenants: 20 };
      const names = Array.from({ length: 20 }, (_, n) => `t${n}`).filter((_, n) => n % 4 !== 3);
      const runs = [];
      for (const seed of seeds) runs.push(await run({ ...set, seed }));
      const fairness = Math.min(...runs.map(({ served }) => jain(served, names, steady, seconds)));
      rows.push([kind, limit, ...medians(runs.map((seen) => measures(seen, limit))), fixed(fairness, 3)]);
      if (limit === 20) draw(kind, limit, runs[0]);
    }
  }
  table(['OPCO counts by', 'calls/s', ...measured, 'Jain, worst'], rows);
}

function draw(kind, limit, seen) {
  const limitAt = moving(limit);
  const points = Array.from({ length: seconds }, (_, second) => [second, limitAt(second * 1000)]);
  const lines = [
    { name: 'true limit', colour: '#c33', points },
    { name: 'learnt', colour: '#36c', points: seen.learnt.filter(([at]) => at <= seconds) },
  ];
  const text = plot({ title: `An OPCO that counts by ${kind}`, lines, seconds, unit: 'calls a second' });
  if (options.write) writeFileSync(new URL(`hub-learnt-${kind}.svg`, docs), text);
}

/** What happens to processes and lines, a minute after each other. */
function troubles(instances) {
  const name = (n) => `i${n % instances}`;
  return [
    ...[
      [30, (world) => world.killHub()],
      [35, (world) => world.startHub()],
    ],
    ...[
      [90, (world) => world.killInstance(name(1))],
      [95, (world, employ) => employ(world.startInstance(name(1)))],
    ],
    ...[
      [150, (world) => world.partition(name(2))],
      [165, (world) => world.heal(name(2))],
    ],
    [210, (world) => (world.killHub(), world.startHub())],
    ...[
      [270, (world) => world.killHub()],
      [290, (world) => world.startHub()],
    ],
    ...[
      [350, (world) => world.partition(name(0))],
      [380, (world) => world.heal(name(0))],
    ],
  ];
}

async function trouble() {
  const rows = [];
  for (const [instances, rate] of [
    [1, 10],
    [3, 10],
    [8, 10],
    [3, 50],
  ]) {
    const size = { rate, burst: rate, ceiling: rate };
    const set = {
      kind: 'bucket',
      limitAt: () => rate * 10,
      seconds: 480,
      size,
      instances,
      tenants: 8,
      workers: 3,
      people: 0.01,
    };
    const seen = await run({ ...set, events: troubles(instances) });
    const used = (seen.sent.length / (rate * 480)) * 100;
    const outage = between(seen.sent, 281, 290) / (rate * 9);
    rows.push([
      instances,
      rate,
      fixed(used, 1),
      fixed(outage * 100, 0),
      Math.max(0, excess(seen.sent, size)).toFixed(1),
    ]);
  }
  table(
    [
      'instances',
      'contract: calls/s',
      'used % in all',
      'used % without a hub and without leases',
      'calls above burst + rate x t',
    ],
    rows,
  );
}

async function fairness() {
  const rows = [];
  for (const [tenants, instances, rate] of [
    [2, 1, 10],
    [20, 4, 10],
    [200, 8, 20],
  ]) {
    const size = { rate, burst: rate, ceiling: rate };
    const span = tenants > 100 ? 600 : 300;
    const seen = await run({
      kind: 'bucket',
      limitAt: () => rate * 1.2,
      seconds: span,
      size,
      instances,
      tenants,
      workers: 1,
      traffic: 'job',
    });
    const names = Array.from({ length: tenants }, (_, n) => `t${n}`);
    const waits = seen.people.filter(({ at }) => at > 30_000).map(({ ms }) => ms);
    rows.push([
      ...[tenants, instances, rate, fixed(jain(seen.served, names, 30, span), 3)],
      ...[
        fixed(percentile(waits, 50), 0),
        fixed(percentile(waits, 99), 0),
        fixed(excess(seen.sent, size) > 0 ? 1 : 0, 0),
      ],
    ]);
  }
  table(
    ['tenants', 'instances', 'calls/s', 'Jain', 'a person waits: median ms', 'p99 ms', 'windows over the allowance'],
    rows,
  );
}

async function comparison() {
  const rows = [];
  for (const limit of [10, 20]) {
    for (const name of ['the hub', ...otherLimiters]) {
      const set = { kind: 'sliding', limitAt: moving(limit), seconds, rate: believed };
      const size = { rate: believed, burst: believed, ceiling: 200 };
      const runs = [];
      for (const seed of seeds) {
        const ours = name === 'the hub';
        const seen = await (ours
          ? run({ ...set, seed, size, instances: 1, people: 0 })
          : runOther(name, { ...set, seed }));
        runs.push(measures(seen, limit));
      }
      rows.push([name, limit, ...medians(runs)]);
    }
  }
  table(['limiter, told 10 calls/s', 'true calls/s', ...measured], rows);
}

await learning();
await trouble();
await fairness();
await comparison();
const costs = decisionCost();
written.push(costs);
process.stdout.write(costs);

if (options.write) {
  const page = new URL('hub.md', docs);
  let rank = 0;
  const text = readFileSync(page, 'utf8').replace(
    /(<!-- measured -->\n)[\s\S]*?(\n<!-- end -->)/g,
    (all, begin, end) => {
      const now = written[rank++];
      return now === undefined ? all : `${begin}\n${now.trimEnd()}\n${end}`;
    },
  );
  writeFileSync(page, text);
}
process.exit();
