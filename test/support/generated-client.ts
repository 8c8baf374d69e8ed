import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A folder in which a client is generated, compiled and run, as at an integrator's. */
export interface ClientFolder {
  /** What the compiler says of each file, by its name; a file without a fault is not there. */
  compile(): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Runs a compiled file; gives what it printed, and its exit code. */
  run(file: string, variables: Readonly<Record<string, string>>): Promise<Ran>;
  remove(): void;
}

/** How a program ended. */
export interface Ran {
  readonly code: number | null;
  readonly printed: string;
}

const options = {
  ...{ module: 'nodenext', target: 'es2023', lib: ['es2023'], types: ['node'], rootDir: '.', skipLibCheck: true },
  ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noUnusedLocals: true },
};

/** Generates `opcovia.ts` out of a document by `openapi-typescript`, beside the given files. */
export async function generateClient(document: string, files: Readonly<Record<string, string>>): Promise<ClientFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'opcovia-client-'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const written = {
    'package.json': '{"type":"module"}',
    'tsconfig.json': JSON.stringify({ compilerOptions: options, include: ['*.ts'] }),
    'doc.json': document,
    ...files,
  };
  for (const [name, text] of Object.entries(written)) writeFileSync(join(folder, name), text);
  const generator = 'node_modules/openapi-typescript/bin/cli.js';
  const { code, printed } = await start([generator, 'doc.json', '-o', 'opcovia.ts'], folder);
  if (code !== 0) throw new Error(`no client was generated:\n${printed}`);
  return {
    compile: async () => faultsOf((await start(['node_modules/typescript/bin/tsc', '-p', '.'], folder)).printed),
    run: (file, variables) => start([file], folder, variables),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The program that a page shows integrators: the block after its mark. */
export function programOf(page: string): string {
  const [, program] = /<!-- program -->\n```ts\n([\s\S]*?)\n```/.exec(readFileSync(page, 'utf8')) ?? [];
  if (program === undefined) throw new Error(`${page} shows no program`);
  return program;
}

function faultsOf(printed: string): Record<string, string[]> {
  const faults: Record<string, string[]> = {};
  for (const [, file = '', code = ''] of printed.matchAll(/^([\w.-]+)\(\d+,\d+\): error (TS\d+)/gm))
    (faults[file] ??= []).push(code);
  if (printed.trim() !== '' && Object.keys(faults).length === 0) throw new Error(`the compiler said:\n${printed}`);
  return faults;
}

function start(args: readonly string[], cwd: string, variables: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const { PATH } = process.env;
  const child = spawn(process.execPath, args, { cwd, env: { ...(PATH && { PATH }), ...variables } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  return new Promise((ended, failed) => {
    child.once('error', failed);
    child.once('close', (code) => ended({ code, printed }));
  });
}
