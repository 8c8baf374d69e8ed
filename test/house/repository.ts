import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Absolute path of the repository's root. */
export const root = join(__dirname, '../..');

/** Text of a file named from the root; a missing file fails the test that asks for it. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Names in a folder that is named from the root. */
export function list(path: string): string[] {
  return readdirSync(join(root, path)).sort();
}

/** Files that are, or by the next commit could be, part of the repository; named from the root. */
export function repositoryFiles(): string[] {
  const output = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  return output.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

/** The repository's text files with their content; a file with a NUL byte, or above 2 MB, is not text. */
export function textFiles(): { path: string; text: string }[] {
  return repositoryFiles()
    .filter((path) => statSync(join(root, path)).isFile() && statSync(join(root, path)).size < 2_000_000)
    .map((path) => ({ path, text: read(path) }))
    .filter(({ text }) => !text.includes('\0'));
}
