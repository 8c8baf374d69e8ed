import comments from '@eslint-community/eslint-plugin-eslint-comments';
import tseslint from 'typescript-eslint';
import { exportedNamesAreDocumented } from './tools/exported-names-are-documented.mjs';

// `no-restricted-syntax` is replaced, not merged, by a later block: each block lists all that holds for its files.
const everywhere = [
  { selector: 'Identifier[name="forwardRef"]', message: 'forwardRef hides a cycle: break the cycle instead.' },
  {
    selector: 'MemberExpression[object.name="Scope"][property.name="REQUEST"]',
    message: 'A request-scoped provider makes every provider above it request-scoped: pass the exchange instead.',
  },
];
const keysOnly = [
  {
    selector: 'Literal[value=/^opcovia:/], TemplateLiteral > TemplateElement:first-child[value.raw=/^opcovia:/]',
    message: 'Every Redis key and job id is built in src/core/keys.ts.',
  },
];
const noEnvironment = [
  {
    selector: 'MemberExpression[object.name="process"][property.name="env"]',
    message: 'The environment is read in src/platform/config and in the entries only.',
  },
];
const commonJsSafe = [
  { selector: 'MetaProperty[meta.name="import"]', message: 'import.meta only in src/main*.ts: Jest runs CommonJS.' },
];
const honestTests = [
  {
    selector: 'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(skip|only|todo|failing)$/]',
    message: 'A suite fails, it does not skip.',
  },
  { selector: 'CallExpression[callee.name=/^(xit|xtest|xdescribe|fit|fdescribe)$/]', message: 'No skipped tests.' },
  {
    selector: 'CallExpression[callee.name=/^(it|test)$/] > Literal:first-child[value=/\\bshould\\b/]',
    message: 'A title states a fact.',
  },
];
const restrict = (...lists) => ({ 'no-restricted-syntax': ['error', ...lists.flat()] });

const typescript = ['src/**/*.ts', 'test/**/*.ts', 'migrations/**/*.ts', 'docs/*.ts', 'ormconfig.ts'];
const specs = ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts', 'test/**/*.ts'];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.opcovia/', 'bench/results/', 'node_modules/'] },
  {
    files: [...typescript, '**/*.mjs', '**/*.cjs'],
    plugins: { '@eslint-community/eslint-comments': comments },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: false, skipComments: false }],
      'max-params': ['error', 4],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'], location: 'start' }],
      '@eslint-community/eslint-comments/require-description': ['error', { ignore: ['eslint-enable'] }],
      '@eslint-community/eslint-comments/no-unlimited-disable': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always'],
      ...restrict(everywhere),
    },
  },
  {
    files: typescript,
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
      },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-require-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { house: { rules: { 'exported-names-are-documented': exportedNamesAreDocumented } } },
    rules: {
      'no-console': 'error',
      'house/exported-names-are-documented': 'error',
      ...restrict(everywhere, keysOnly, noEnvironment, commonJsSafe),
    },
  },
  { files: ['src/core/keys.ts'], rules: restrict(everywhere, noEnvironment, commonJsSafe) },
  { files: ['src/platform/config/**/*.ts'], rules: restrict(everywhere, keysOnly, commonJsSafe) },
  { files: ['src/dev/**/*.ts'], rules: { 'no-console': 'off', ...restrict(everywhere, keysOnly, commonJsSafe) } },
  { files: ['src/main*.ts'], rules: { 'no-console': 'off', ...restrict(everywhere, keysOnly) } },
  {
    files: specs,
    rules: {
      'max-lines-per-function': 'off',
      'house/exported-names-are-documented': 'off',
      ...restrict(everywhere, commonJsSafe, honestTests),
    },
  },
  // A migration is SQL to be read from top to bottom: cutting it into functions would hide it.
  { files: ['migrations/**/*.ts'], rules: { 'max-lines-per-function': 'off' } },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
);
