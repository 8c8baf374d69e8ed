import { spawnSync } from 'node:child_process';
import { root } from './repository.js';

interface Planted {
  readonly rule: string;
  readonly file: string;
  readonly text: string;
}

const fault = (rule: string, file: string, text: string): Planted => ({ rule, file, text });
const lines = (count: number) => Array.from({ length: count }, (_, index) => `  call(${index});`).join('\n');
// Pieces are joined, so that this file does not commit what it plants.
const key = ['opcovia', 'cache', 'x'].join(':');
const disable = ['/* eslint', 'disable'].join('-');

const faults: Planted[] = [
  fault('max-lines', 'src/core/a.ts', lines(251)),
  fault('max-lines-per-function', 'src/core/a.ts', `function long() {\n${lines(50)}\n}`),
  fault('max-params', 'src/core/a.ts', 'function many(a, b, c, d, e) {}'),
  fault('no-restricted-syntax', 'src/queue/a.ts', 'const home = process.env.HOME;'),
  fault('no-restricted-syntax', 'src/core/keys.ts', 'const home = process.env.HOME;'),
  fault('no-restricted-syntax', 'src/cache/a.ts', `const key = '${key}';`),
  fault('no-restricted-syntax', 'src/cache/a.ts', `const key = \`${key}:\${id}\`;`),
  fault('no-restricted-syntax', 'src/main.ts', `const key = '${key}';`),
  fault('no-restricted-syntax', 'src/queue/a.module.ts', 'const late = forwardRef(() => Other);'),
  fault('no-restricted-syntax', 'src/queue/a.module.ts', 'const scope = Scope.REQUEST;'),
  fault('no-restricted-syntax', 'src/queue/a.ts', 'const here = import.meta.url;'),
  fault('no-restricted-syntax', 'src/core/a.spec.ts', "it.skip('answers', () => {});"),
  fault('no-restricted-syntax', 'src/core/a.spec.ts', "it('should answer', () => {});"),
  fault('@eslint-community/eslint-comments/require-description', 'src/core/a.ts', `${disable} no-console */`),
  fault('@eslint-community/eslint-comments/no-unlimited-disable', 'src/core/a.ts', `${disable} */`),
  fault('@typescript-eslint/no-explicit-any', 'src/core/a.ts', 'const x: any = 1;'),
  fault('@typescript-eslint/no-non-null-assertion', 'src/core/a.ts', 'const x = y!.z;'),
  fault('@typescript-eslint/ban-ts-comment', 'src/core/a.ts', '// @ts-ignore\nconst x = 1;'),
  fault('no-console', 'src/core/a.ts', "console.log('x');"),
  fault('no-warning-comments', 'src/core/a.ts', `// ${'to'}${'do'} later`),
  fault('house/exported-names-are-documented', 'src/core/a.ts', 'export const x = 1;'),
];

const allowed: Planted[] = [
  fault('max-lines-per-function', 'src/core/a.spec.ts', `function long() {\n${lines(60)}\n}`),
  fault('no-restricted-syntax', 'src/platform/config/a.ts', 'const home = process.env.HOME;'),
  fault('no-restricted-syntax', 'src/dev/a.ts', 'const home = process.env.HOME;'),
  fault('no-restricted-syntax', 'src/main.cli.ts', 'const here = [process.env.HOME, import.meta.url];'),
  fault('no-restricted-syntax', 'src/core/keys.ts', `const key = \`${key}:\${id}\`;`),
  fault('no-console', 'src/main.ts', "console.log('x');"),
  fault('house/exported-names-are-documented', 'src/core/a.ts', '/** One. */\nexport const X = 1;\nexport type X = 1;'),
  fault('house/exported-names-are-documented', 'src/core/a.ts', '/** One. */\n@Injectable()\nexport class X {}'),
];

// ESLint loads an ESM configuration, which Jest's own module system cannot: a child process does it, once for all.
// The planted files do not exist, so the rules that need the type checker are off here.
const program = `
  const { ESLint } = require('eslint');
  const typed = ['no-floating-promises', 'no-misused-promises', 'await-thenable', 'only-throw-error', 'switch-exhaustiveness-check'];
  const rules = Object.fromEntries(typed.map((name) => ['@typescript-eslint/' + name, 'off']));
  const overrideConfig = [{ files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } }, rules }];
  const eslint = new ESLint({ overrideConfig });
  let input = '';
  process.stdin.on('data', (chunk) => (input += chunk)).on('end', async () => {
    const found = [];
    for (const { file, text } of JSON.parse(input)) {
      const [result] = await eslint.lintText(text, { filePath: file });
      found.push(result.messages.map((message) => message.ruleId ?? message.message));
    }
    process.stdout.write(JSON.stringify(found));
  });
`;

function reportedRules(planted: readonly Planted[]): string[][] {
  const options = { cwd: root, encoding: 'utf8' as const, input: JSON.stringify(planted) };
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], options);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as string[][];
}

describe('the lint rules', () => {
  let found: string[][] = [];
  beforeAll(() => {
    found = reportedRules([...faults, ...allowed]);
  }, 30_000);

  it.each(faults.map((planted, index) => ({ ...planted, index, begins: planted.text.split('\n')[0] })))(
    '$rule reports $begins in $file',
    ({ rule, index }) => {
      expect(found[index]).toContain(rule);
    },
  );

  it.each(allowed.map((planted, index) => ({ ...planted, index, begins: planted.text.split('\n')[0] })))(
    '$rule allows $begins in $file',
    ({ rule, index }) => {
      expect(found[faults.length + index]).not.toContain(rule);
    },
  );
});
