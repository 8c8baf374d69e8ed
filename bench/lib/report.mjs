import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

const open = '<!-- bench:start -->';
const close = '<!-- bench:end -->';

const page = `# Benchmarks

What a request costs, as a ratio to bare neighbours measured in the same minutes on the same machine. \`npm run bench\`
writes the part between the markers; \`npm run bench -- --quick\` prints a short run and writes nothing here.

How it measures: every target is a process of its own; targets take turns (A B C A B C ...) for at least five rounds;
the load comes from another process, on another core where \`taskset\` is found. **CPU per request** is the user and
system time of the target's whole process tree (for Opcovia: PostgreSQL, Redis and sandbox included) divided by the
answered requests; the line "process alone" is the Node process without them. The minimum over the rounds is the
stable figure, requests per second are not: compare ratios, never machines.

${open}
${close}
`;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Rounds of one target put together: minimum and median CPU per request, best rate, worst answers. */
export function summarise(rounds) {
  const total = rounds.map((round) => round.cpuPerRequest);
  const main = rounds.map((round) => round.mainCpuPerRequest);
  const answered = rounds.reduce((sum, round) => sum + round.answered, 0);
  const good = rounds.reduce((sum, round) => sum + round.good, 0);
  return {
    cpuMin: Math.min(...total),
    cpuMedian: median(total),
    mainMin: Math.min(...main),
    mainMedian: median(main),
    bestPerSecond: Math.max(...rounds.map((round) => round.perSecond)),
    p99Ms: median(rounds.map((round) => round.p99Ms)),
    badShare: answered === 0 ? 1 : 1 - good / answered,
    errors: rounds.reduce((sum, round) => sum + round.errors, 0),
  };
}

const figure = (value, digits = 1) => (Number.isFinite(value) ? value.toFixed(digits) : '-');

function tableOf(row) {
  if (row.printed !== undefined) return [`### ${row.name}: ${row.title}`, '', row.printed.trim()].join('\n');
  const floor = (name) => row.targets.find((target) => target.name === name)?.summary.cpuMin;
  const ratios = (value) => ['node:http', 'fastify', 'nginx'].map((name) => figure(value / floor(name), 2));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const lines = [
    `### ${row.name}: ${row.title}`,
    '',
    line([
      'Target',
      'CPU us/request, min',
      'median',
      'x node:http',
      'x Fastify',
      `x nginx${row.nginxDoes ? ` (${row.nginxDoes})` : ''}`,
      'best req/s',
      'p99 ms',
      'refused',
    ]),
    line(['---', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---:']),
  ];
  for (const { name, summary } of row.targets) {
    const tail = [figure(summary.bestPerSecond, 0), figure(summary.p99Ms), `${figure(summary.badShare * 100)} %`];
    lines.push(line([name, figure(summary.cpuMin), figure(summary.cpuMedian), ...ratios(summary.cpuMin), ...tail]));
    if (name !== 'opcovia') continue;
    const alone = [figure(summary.mainMin), figure(summary.mainMedian), ...ratios(summary.mainMin)];
    lines.push(line(['opcovia, process alone', ...alone, '', '', '']));
  }
  for (const failure of row.failures) lines.push('', `**Not measured:** ${failure}`);
  if (row.targets.some(({ summary }) => summary.badShare > 0.01)) {
    lines.push('', '**Not a valid figure:** more than 1 % of the answers were refusals.');
  }
  return lines.join('\n');
}

/** The measured part as Markdown: command, date, machine, then a table per row. */
export function markdown(result) {
  const head = [
    `\`${result.command}\`, ${result.date}, Node ${result.node}, ${result.machine}.`,
    `${result.rounds} interleaved rounds of ${result.seconds} s; ${result.split ? 'servers and load on a core each' : 'cores not split'}; nginx ${result.nginx ? 'beside it' : 'not found on this machine'}.`,
  ];
  return [...head, ...result.rows.flatMap((row) => ['', tableOf(row)])].join('\n');
}

/** One line about the machine that a reader can compare, without its name. */
export function machine() {
  const [first] = cpus();
  return `${cpus().length} x ${first?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split('-')[0]}`;
}

/** Keeps the full figures in bench/results (not in the repository); answers the file's name from the root. */
export function keepJson(root, result) {
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  const name = `bench/results/${result.date.replace(/[:.]/g, '-')}.json`;
  writeFileSync(join(root, name), `${JSON.stringify(result, null, 2)}\n`);
  return name;
}

/** Rewrites the part between the markers of docs/benchmarks.md; the page is created when it is not there. */
export function rewritePage(root, text) {
  const path = join(root, 'docs/benchmarks.md');
  const old = existsSync(path) ? readFileSync(path, 'utf8') : page;
  const [start, end] = [old.indexOf(open), old.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`docs/benchmarks.md has no ${open} ... ${close}`);
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(path, `${old.slice(0, start + open.length)}\n${text}\n${old.slice(end)}`);
}
