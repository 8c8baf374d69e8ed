import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { allowedImports, plantedFaults } from './planted-faults.js';
import { root } from './repository.js';

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

const packages = ['rxjs', 'ioredis', 'typeorm', 'bullmq', '@nestjs/common'];

function write(house: string, path: string, text: string): void {
  mkdirSync(dirname(join(house, path)), { recursive: true });
  writeFileSync(join(house, path), text, { flag: 'a' });
}

function importOf(from: string, target: string): string {
  if (!target.startsWith('src/')) return `import '${target}';\n`;
  const path = relative(dirname(from), target).replace(/\.ts$/, '.js');
  return `import '${path.startsWith('.') ? path : `./${path}`}';\n`;
}

/** A small house in a scratch folder: every planted import, the files that they lead to, empty packages. */
function buildHouse(): string {
  const house = mkdtempSync(join(tmpdir(), 'opcovia-house-'));
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json']) cpSync(join(root, name), join(house, name));
  const dependencies = Object.fromEntries(packages.map((name) => [name, '1.0.0']));
  write(house, 'package.json', JSON.stringify({ type: 'module', dependencies, devDependencies: { jest: '1.0.0' } }));
  for (const name of [...packages, 'jest']) {
    write(house, `node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(house, `node_modules/${name}/index.js`, 'module.exports = {};\n');
  }
  write(house, 'src/events/hen.ts', importOf('src/events/hen.ts', 'src/events/egg.ts'));
  for (const { file, imports } of [...plantedFaults, ...allowedImports]) {
    write(house, file, importOf(file, imports));
    if (imports.startsWith('src/') && !imports.endsWith('nowhere.ts')) write(house, imports, 'export {};\n');
  }
  return house;
}

function violations(house: string): Violation[] {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: house, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

describe('the import rules', () => {
  let house = '';
  let found: Violation[] = [];

  beforeAll(() => {
    house = buildHouse();
    found = violations(house);
  }, 30_000);
  afterAll(() => rmSync(house, { recursive: true, force: true }));

  const concerns = (violation: Violation, target: string) =>
    violation.to === target ||
    violation.to.includes(`node_modules/${target}/`) ||
    violation.to.endsWith(target.replace(/^.*\/(.*)\.ts$/, '$1.js'));

  it.each(plantedFaults)('$rule reports $file importing $imports', ({ rule, file, imports }) => {
    const reported = found.filter((violation) => violation.from === file && concerns(violation, imports));
    expect(reported.map((violation) => violation.rule.name)).toContain(rule);
  });

  it.each(allowedImports)('$rule lets $file import $imports', ({ file, imports }) => {
    const reported = found.filter((violation) => violation.from === file && concerns(violation, imports));
    expect(reported.map((violation) => violation.rule.name)).toEqual([]);
  });

  it('have a planted fault each', () => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- dependency-cruiser reads CommonJS only
    const { forbidden } = require(join(root, '.dependency-cruiser.cjs')) as { forbidden: { name: string }[] };
    const planted = new Set(plantedFaults.map(({ rule }) => rule));
    expect(forbidden.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
    expect(existsSync(house)).toBe(true);
  });
});
