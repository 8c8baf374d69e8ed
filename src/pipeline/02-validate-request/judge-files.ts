import type { FileFacts } from '../../core/deposit-file.js';
import type { FileCount } from '../../core/endpoint.js';
import type { Finding } from '../../core/errors.js';

/** What is wrong with the shape of a deposit's files: how many they are, and that they hold something. */
export function countFiles(files: readonly FileFacts[], count: FileCount = { least: 0, most: 0 }): readonly Finding[] {
  if (files.length < count.least)
    return [{ pointer: '/_files', code: 'required', message: `Au moins ${count.least} fichier(s) attendu(s).` }];
  if (files.length > count.most) return [tooMany(count.most)];
  const empty = files.filter(({ size }) => size === 0);
  return empty.map(({ name }) => ({ pointer: pointerOf(name), code: 'empty', message: 'Ce fichier est vide.' }));
}

/** Files of a kind that the norm does not take, by what they really hold. */
export function judgeFiles(files: readonly FileFacts[]): readonly Finding[] {
  const unknown = files.filter(({ mediaType }) => mediaType === undefined);
  const message = 'Type de fichier non admis ; attendus : pdf, jpg, png, xls, xlsx, csv.';
  return unknown.map(({ name }) => ({ pointer: pointerOf(name), code: 'file_type', message }));
}

/** RFC 6901. */
function pointerOf(name: string): string {
  return `/_files/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function tooMany(most: number): Finding {
  const message = most === 0 ? 'Ce dépôt ne prend pas de fichier.' : `Au plus ${most} fichier(s).`;
  return { pointer: '/_files', code: 'too_many', message };
}
