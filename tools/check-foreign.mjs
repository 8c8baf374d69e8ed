import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeNginxConfig } from '../bench/targets/nginx.mjs';
import { startProduct } from '../bench/targets/product.mjs';
import { useSandboxPage } from './sandbox-page.mjs';
import { tryItOut } from './swagger-try-it-out.mjs';

// Lets tools that others wrote judge what we publish. A tool that is not on this machine is listed, never hidden.

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PATH = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
const scratch = mkdtempSync(join(tmpdir(), 'opcovia-foreign-'));

function run(command, args, input) {
  return spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    input,
    env: { ...process.env, PATH, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    timeout: 120_000,
  });
}

/** Rule files for Prometheus, wherever they live below the root's own folders. */
function ruleFiles(folder = 'deploy') {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => /rules?\.ya?ml$/.test(path));
}

/** Runs the product for the length of one look at it. */
async function withProduct(look) {
  const product = await startProduct({});
  try {
    return await look(product);
  } finally {
    await product.stop();
  }
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`GET ${url} answered ${answer.status}`);
  return answer.text();
}

/** The document as the product serves it, in a file; asked for once. */
let document;
async function documentFile() {
  document ??= await withProduct(({ url }) => fetched(`${url}/doc`));
  const file = join(scratch, 'openapi.json');
  writeFileSync(file, document);
  return file;
}

const checks = [
  {
    name: 'redocly lint of GET /doc',
    found: () => run('redocly', ['--version']).status === 0,
    check: async () => run('redocly', ['lint', '--config', 'tools/redocly.yaml', await documentFile()]),
  },
  {
    name: 'spectral lint of GET /doc, warnings included',
    found: () => run('spectral', ['--version']).status === 0,
    check: async () =>
      run('spectral', ['lint', '--ruleset', 'tools/spectral.yaml', '--fail-severity', 'warn', await documentFile()]),
  },
  {
    name: 'Swagger UI in Chromium: Execute answers 200',
    found: () => run('chromium', ['--version']).status === 0,
    check: async () => {
      const shown = await withProduct(({ url }) => tryItOut(url));
      return { status: /^200/.test(shown) ? 0 : 1, stdout: `Swagger UI showed: ${shown}\n`, stderr: '' };
    },
  },
  {
    name: 'page of the sandbox in Chromium: arms a fault, moves the clock, takes the fault away',
    found: () => run('chromium', ['--version']).status === 0,
    check: async () => {
      const shown = await useSandboxPage();
      return { status: shown.includes('opcoId=akto') ? 0 : 1, stdout: `the page showed: ${shown}\n`, stderr: '' };
    },
  },
  {
    name: 'promtool check metrics',
    found: () => run('promtool', ['--version']).status === 0,
    check: async () =>
      run('promtool', ['check', 'metrics'], await withProduct(({ staffUrl }) => fetched(`${staffUrl}/metrics`))),
  },
  {
    name: 'promtool check rules',
    found: () => run('promtool', ['--version']).status === 0,
    missing: () => (ruleFiles().length === 0 ? 'no rule file in deploy/' : undefined),
    check: () => run('promtool', ['check', 'rules', ...ruleFiles()]),
  },
  {
    name: 'nginx -t on the configuration of the bench',
    found: () => run('nginx', ['-v']).status === 0,
    check: () =>
      run('nginx', ['-t', '-p', scratch, '-c', writeNginxConfig(scratch, { port: 18080, upstreamPort: 18081 })]),
  },
  {
    name: 'docker compose config',
    found: () => run('docker', ['compose', 'version']).status === 0,
    check: () => {
      const file = join(scratch, 'compose.env');
      writeFileSync(file, 'POSTGRES_PASSWORD=x\nOPCOVIA_KEYRING=x\n');
      return run('docker', ['compose', '--env-file', file, 'config', '--quiet']);
    },
  },
  {
    name: 'docker build --check',
    found: () => run('docker', ['buildx', 'version']).status === 0,
    check: () => run('docker', ['build', '--check', '.']),
  },
];

const notRun = [];
let passed = 0;
let failed = 0;
try {
  for (const { name, found, missing, check } of checks) {
    const reason = found() ? missing?.() : 'the tool is not on this machine';
    if (reason) {
      notRun.push(`${name}: ${reason}`);
      continue;
    }
    const { status, stdout, stderr } = await check();
    process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}\n`);
    if (status === 0) passed += 1;
    else failed += 1;
    if (status !== 0) process.stdout.write(`${stdout}${stderr}\n`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (notRun.length > 0) process.stdout.write(`\nnot run:\n${notRun.map((line) => `- ${line}\n`).join('')}`);
process.stdout.write(`\n${passed} passed, ${failed} failed, ${notRun.length} not run\n`);
process.exitCode = failed > 0 ? 1 : 0;
