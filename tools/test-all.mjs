import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Everything that decides whether the tree is good, in one run. A failing step does not stop the next one;
// the last line says `N passed, N failed`: each step before Jest counts one, and each Jest test counts one.

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(join(tmpdir(), 'opcovia-test-'));
const jestReport = join(scratch, 'jest.json');

const steps = [
  ['build', 'nest', 'build'],
  ['lint: eslint', 'eslint', '.'],
  ['lint: prettier', 'prettier', '--check', '.'],
  ['import rules', 'depcruise', 'src', 'migrations', 'ormconfig.ts', '--config', '.dependency-cruiser.cjs'],
  ['dead code', 'knip', '--no-config-hints'],
  ['types', 'tsc', '--noEmit'],
  ['documents fresh', process.execPath, 'dist/src/main.docs.js', '--check'],
];
const jest = ['jest', 'jest', '--json', `--outputFile=${jestReport}`];

let running;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    running?.kill(signal);
    rmSync(scratch, { recursive: true, force: true });
    process.stdout.write(`\nstopped by ${signal}\n0 passed, 1 failed\n`);
    process.exit(1);
  });
}

/** Runs one command with its output shown, except Jest's JSON, which `--outputFile` keeps. */
function run([, command, ...args]) {
  const PATH = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, PATH },
    });
    running = child;
    child.on('error', (error) => {
      process.stdout.write(`${error.message}\n`);
      resolve(false);
    });
    child.on('exit', (code) => resolve(code === 0));
  });
}

async function timed(step) {
  process.stdout.write(`\n▶ ${step[0]}\n`);
  const startedAt = Date.now();
  const ok = await run(step);
  return { name: step[0], ok, seconds: (Date.now() - startedAt) / 1000 };
}

/** Jest's own figures; a suite that does not load, a skipped test and a run without a report count as failed. */
function countTests(ok) {
  if (!existsSync(jestReport)) return { passed: 0, failed: 1, note: 'jest did not run' };
  const report = JSON.parse(readFileSync(jestReport, 'utf8'));
  const broken = report.numRuntimeErrorTestSuites;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + broken + skipped;
  const note = `${broken} suites that do not load, ${skipped} skipped`;
  if (report.numTotalTests === 0) return { passed: 0, failed: Math.max(1, failed), note: 'no test found' };
  return { passed: report.numPassedTests, failed: ok ? failed : Math.max(1, failed), note };
}

const results = [];
for (const step of steps) {
  const result = await timed(step);
  results.push({ ...result, passed: result.ok ? 1 : 0, failed: result.ok ? 0 : 1, note: '' });
}
const tests = await timed(jest);
results.push({ ...tests, ...countTests(tests.ok) });
rmSync(scratch, { recursive: true, force: true });

process.stdout.write(`\n${'step'.padEnd(18)}${'seconds'.padStart(9)}${'passed'.padStart(9)}${'failed'.padStart(9)}\n`);
for (const { name, seconds, passed, failed, note } of results) {
  const figures = [seconds.toFixed(1), passed, failed].map((value) => String(value).padStart(9)).join('');
  process.stdout.write(`${name.padEnd(18)}${figures}${note ? `   ${note}` : ''}\n`);
}
const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
process.stdout.write(`\n${total('passed')} passed, ${total('failed')} failed\n`);
process.exitCode = total('failed') > 0 ? 1 : 0;
