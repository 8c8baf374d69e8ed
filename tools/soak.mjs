import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkHistory } from './soak/check-history.mjs';
import { report } from './soak/report.mjs';
import { Rig } from './soak/rig.mjs';
import { windowsOf } from './soak/settings.mjs';

// npm run soak -- --minutes 10 [--seed S] [--instances 2] [--rate 6]: deposits at two real processes while everything breaks, then a
// calm, then the promises I1 to I7 held against the ledger of the OPCOs. Ends with 1 when one of them is broken. See docs/soak.md.

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: Date.now().toString(36) },
    instances: { type: 'string', default: '2' },
    rate: { type: 'string', default: '6' },
    calm: { type: 'string', default: '150' },
  },
});
const minutes = Number(options.minutes);
const rate = Number(options.rate);
const calmMs = Number(options.calm) * 1000;
const instances = Number(options.instances);
if (!(minutes > 0 && minutes <= 24 * 60 && rate > 0 && rate <= 50 && [1, 2, 3, 4].includes(instances) && calmMs > 0)) {
  process.stderr.write(
    '--minutes up to 1440, --rate up to 50 deposits a second, --instances 1 to 4, --calm in seconds\n',
  );
  process.exit(2);
}

/** Deposits under way at most: what is refused is offered again, what nobody can take is not piled up. */
const mostOpen = 80;
const lookEveryMs = 5_000;

const begun = performance.now();
const say = (text) =>
  process.stdout.write(`${((performance.now() - begun) / 1000).toFixed(1).padStart(7)} s  ${text}\n`);
const rig = new Rig({
  projectRoot: join(dirname(fileURLToPath(import.meta.url)), '..'),
  seed: options.seed,
  instances,
  say,
});

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (interrupted) return;
    interrupted = true;
    say(`${signal}: cleaning up`);
    void rig.stop().then(() => process.exit(130));
  });
}

function progress() {
  const { counts, deposits, open } = rig.clients;
  say(
    `offered ${deposits.length}, accepted ${counts.accepted}, open ${open}, effects ${rig.sandbox.world.ledger.read({ committed: true }).length}`,
  );
}

/** Deposits at the rate and a look at something for each second one, while the nemesis rages. */
async function storm() {
  const { clients, nemesis } = rig;
  const end = performance.now() + minutes * 60_000;
  const looking = setInterval(() => void clients.look(), (1000 / rate) * 2);
  const telling = setInterval(progress, lookEveryMs);
  nemesis.begin();
  while (performance.now() < end && !interrupted) {
    if (clients.open < mostOpen) clients.offer();
    await pause(1000 / rate);
  }
  clearInterval(looking);
  clearInterval(telling);
  await nemesis.end();
}

/** Everything runs and nothing fails: until each deposit is accepted, each job has ended and each end was told, or time is up. */
async function calm() {
  const { clients } = rig;
  await Promise.all(rig.instances.map((instance) => instance.start()));
  const late = performance.now() + calmMs;
  const giveUp = setTimeout(() => clients.end(), calmMs);
  await clients.allAccepted();
  clearTimeout(giveUp);
  clients.end();
  let left = await clients.followJobs();
  while ((left > 0 || untold().length > 0) && performance.now() < late && !interrupted) {
    await pause(500);
    left = await clients.followJobs();
  }
  progress();
  say(`${left} jobs have not ended, ${untold().length} ends were not told`);
}

const untold = () => [...rig.clients.jobs].filter(([jobId]) => !rig.told.has(jobId)).map(([jobId]) => jobId);

function judge() {
  const { clients, tenants, sandbox } = rig;
  const { deposits, jobs, received, foreign } = clients;
  const ledger = [...sandbox.world.ledger.history()];
  const verdicts = checkHistory({
    ...{ deposits, jobs, received, foreign, tenants, ledger },
    windows: windowsOf(instances),
  });
  const told = untold();
  const crashes = rig.instances.flatMap(({ name, crashes }) => crashes.map((words) => `${name}: ${words}`));
  return [...verdicts, extra('each end is told', told), extra('no process ends of itself', crashes)];
}

const extra = (promise, offenders) => ({ name: '+', promise, ok: offenders.length === 0, offenders });

let failed = true;
try {
  say(`seed ${options.seed}, ${minutes} min, ${instances} processes, ${rate} deposits a second`);
  await rig.start();
  say('everything runs: the storm begins');
  await storm();
  say('calm: everything runs, nothing fails');
  await calm();
  const verdicts = judge();
  failed = verdicts.some(({ ok }) => !ok);
  process.stdout.write(report({ seed: options.seed, rig, verdicts }));
} catch (error) {
  if (!interrupted) process.stderr.write(`the soak broke off: ${error.stack}\n`);
} finally {
  if (!interrupted) {
    await rig.stop();
    process.exit(failed ? 1 : 0);
  }
}
