import { parseArgs } from 'node:util';

// node bench/hub.mjs [--seconds 1200]: in virtual time, a caller that always has more to ask against OPCOs whose true limit is halved
// at a quarter, restored at half of the time; our bucket that learns beside a fixed one. Then what a local decision costs. Build first.

const dist = '../dist/src/hub';
const { freshPace } = await import(`${dist}/bucket/pace.js`);
const { fill, fullBucket, take, told, waitMs } = await import(`${dist}/bucket/bucket.js`);
const { LocalPermits } = await import(`${dist}/local-permits.js`);

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '1200' } } });
const seconds = Number(options.seconds);
const second = 1000;
const believed = 10;

/** An OPCO of one of three kinds; answers 0, or the seconds of its Retry-After. */
function opco(kind, limitAt) {
  let [window, count, stock, at] = [-1, 0, Infinity, 0];
  const passed = [];
  const fixed = (now, limit) => {
    const current = Math.floor(now / second);
    if (current !== window) [window, count] = [current, 0];
    count += 1;
    return count <= limit ? 0 : Math.max(1, Math.ceil(((current + 1) * second - now) / second));
  };
  const sliding = (now, limit) => {
    while (passed[0] <= now - second) passed.shift();
    if (passed.length >= limit) return 1;
    passed.push(now);
    return 0;
  };
  const bucket = (now, limit) => {
    stock = Math.min(limit, stock + ((now - at) / second) * limit);
    at = now;
    if (stock < 1) return 1;
    stock -= 1;
    return 0;
  };
  return (now) => ({ fixed, sliding, bucket })[kind](now, limitAt(now));
}

/** Calls 30 to 36 ms under way to the OPCO and 30 back. */
function play(kind, limitAt, learns) {
  const ask = opco(kind, limitAt);
  let bucket = fullBucket(
    freshPace({ start: believed, burst: believed, floor: 0.1, ceiling: learns ? 200 : believed }, 0),
    0,
  );
  const [accepted, refused, answers] = [[], [], []];
  let [now, seed] = [0, 1];
  const jitter = () => ((seed = (seed * 16807) % 2147483647) / 2147483647) * 6;
  while (now < seconds * second) {
    bucket = fill(bucket, now);
    const wait = waitMs(bucket, 0);
    if (wait === 0) {
      bucket = take(bucket);
      const arrived = now + 30 + jitter();
      const retryAfter = ask(arrived);
      (retryAfter > 0 ? refused : accepted).push(arrived);
      answers.push({ at: arrived + 30, retryAfter });
      continue;
    }
    now = Math.min(now + wait, answers[0]?.at ?? Infinity);
    if (now !== answers[0]?.at) continue;
    const { retryAfter } = answers.shift();
    const event = retryAfter
      ? { kind: 'throttled', retryAfterMs: retryAfter * second }
      : { kind: 'accepted', calls: 1, ms: 60 };
    if (learns) bucket = told(bucket, event, now);
  }
  return { accepted, refused };
}

const between = (list, from, to) => list.filter((at) => at >= from * second && at < to * second).length;

function row(kind, limit, learns) {
  const limitAt = (now) => (now >= (seconds / 4) * second && now < (seconds / 2) * second ? limit / 2 : limit);
  const { accepted, refused } = play(kind, limitAt, learns);
  const [from, to] = [seconds * 0.75, seconds];
  const reaches = (since) => {
    for (let at = since; at < since + seconds / 4 - 5; at += 0.5) {
      if (between(accepted, at, at + 5) >= 0.9 * 5 * limitAt(at * second) && between(refused, at, at + 5) <= 1)
        return (at - since).toFixed(1);
    }
    return 'never';
  };
  const used = (between(accepted, from, to) / (limit * (to - from))) * 100;
  const share = (between(refused, from, to) / (between(accepted, from, to) + between(refused, from, to))) * 100;
  const all = (refused.length / (accepted.length + refused.length)) * 100;
  return [
    kind,
    limit,
    learns ? 'learnt' : 'fixed at 10',
    used.toFixed(1),
    share.toFixed(2),
    all.toFixed(2),
    reaches(seconds / 4),
    reaches(seconds / 2),
  ];
}

const print = (cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
print([
  'OPCO counts by',
  'calls/s',
  'bucket',
  'steady: used %',
  'steady: 429 %',
  'all: 429 %',
  'halved: s',
  'doubled: s',
]);
print(Array.from({ length: 8 }, () => '---'));
for (const kind of ['fixed', 'sliding', 'bucket'])
  for (const limit of [10, 20, 50]) for (const learns of [true, false]) print(row(kind, limit, learns));

const permits = new LocalPermits({ now: () => Date.now(), elapsed: () => performance.now() });
permits.declare('bench', { rate: 1e9, burst: 1e6 });
let best = Infinity;
for (let round = 0; round < 7; round += 1) {
  const begun = process.cpuUsage();
  for (let n = 0; n < 200_000; n += 1) permits.take('bench', 'interactive', 'tenant');
  const { user, system } = process.cpuUsage(begun);
  best = Math.min(best, (user + system) / 200_000);
}
process.stdout.write(
  `\na local decision: ${best.toFixed(2)} us of CPU (least of 7 rounds), Node ${process.versions.node}\n`,
);
