import { readFileSync, statSync } from 'node:fs';
import { types } from 'node:util';

/** More than any key ring; a path that leads to a log or a device is a mistake. */
const mostBytes = 65_536;

/**
 * The secret in a file, without the white space around it. Throws an Error that says what is wrong with the file and shows
 * neither its path nor its content. Orchestrators mount secrets readable by all in their container, hence only a file that
 * everybody may write is refused: whoever can replace a key decides what is encrypted for whom.
 */
export function readSecretFile(path: string): string {
  const text = open(path);
  if (text.includes('\0') || text.includes('\ufffd')) throw new Error('is not a text file');
  if (text.trim() === '') throw new Error('is empty');
  return text.trim();
}

function open(path: string): string {
  try {
    const found = statSync(path);
    // A pipe or a device would be waited for, or read, without end.
    if (!found.isFile()) throw new Error('is not a file');
    const { size, mode } = found;
    if (size > mostBytes) throw new Error('is too big for a secret');
    if (mode & 0o002) throw new Error('may be written by everybody');
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = types.isNativeError(error) && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw new Error(`cannot be read (${code})`, { cause: error });
  }
}
