import { createHmac } from 'node:crypto';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import canonicalize from 'canonicalize';
import { dossierOf, rewritten } from './lib/dossiers.mjs';

// node bench/diff.mjs [--rounds 5] [--seconds 2]: what a dossier of 4 kB costs that is compared with the version before; CPU
// microseconds in one process, minimum of interleaved rounds. A row of `npm run bench`. Build first.

const dist = '../dist/src/poller';
const { canonicalForm, diff } = await import(`${dist}/diff.js`);
const { patchOf } = await import(`${dist}/patch.js`);

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: { rounds: { ...text, default: '5' }, seconds: { ...text, default: '2' } },
});
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];

// Many different people, so that no two in a row are alike; parsed, as they come from an OPCO.
const fresh = (value) => JSON.parse(JSON.stringify(value));
const each = Array.from({ length: 200 }, (_, rank) => ({
  before: fresh(dossierOf(rank)),
  same: fresh(dossierOf(rank)),
  few: fresh(dossierOf(rank, 2)),
  many: fresh(rewritten(dossierOf(rank))),
}));
const key = Buffer.alloc(32, 1);
const digest = (form) => createHmac('sha256', key).update(form).digest();

const subjects = {
  'JSON.parse(JSON.stringify(dossier)), the floor': ({ same }) => fresh(same),
  'RFC 8785 by the package canonicalize': ({ same }) => canonicalize(same),
  'isDeepStrictEqual of Node, no change': ({ before, same }) => isDeepStrictEqual(before, same),
  'canonical form': ({ same }) => canonicalForm(same),
  'no change: form and keyed digest, all that is done': ({ same }) => digest(canonicalForm(same)),
  'few changes: the same and the diff': ({ before, few }) => digest(canonicalForm(few)) && diff(before, few),
  'many changes: the same and the diff': ({ before, many }) => digest(canonicalForm(many)) && diff(before, many),
  'RFC 6902 patch, few changes': ({ before, few }) => patchOf(before, few),
  'RFC 6902 patch, many changes': ({ before, many }) => patchOf(before, many),
};

function measured(subject) {
  const cpu = process.cpuUsage();
  const until = performance.now() + seconds * 1000;
  let count = 0;
  for (; performance.now() < until; count += each.length) for (const one of each) subject(one);
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / count;
}

const best = new Map();
for (let round = 0; round < rounds; round += 1)
  for (const [title, subject] of Object.entries(subjects))
    best.set(title, Math.min(best.get(title) ?? Infinity, measured(subject)));
const [floor] = best.values();
const [{ before, few, many }] = each;
const lines = [...best].map(([title, us]) => `| ${title} | ${us.toFixed(1)} | ${(us / floor).toFixed(1)} |`);
process.stdout.write(
  `A dossier of ${JSON.stringify(before).length} bytes; few: ${diff(before, few).length} field, many: ${diff(before, many).length}.\n\n` +
    `| What | CPU us, min | x floor |\n| --- | ---: | ---: |\n${lines.join('\n')}\n`,
);
