import type { DepositFile } from '../../core/deposit-file.js';
import type { Finding } from '../../core/errors.js';
import { extensionOf } from '../../core/file-type.js';

const binary = 'application/octet-stream';

/** The file as the norm's second part, named with the extension of what it really is. */
export function fichierPart(files: readonly DepositFile[] = []): { readonly file?: DepositFile & { part: string } } {
  const [file] = files;
  if (!file) return {};
  const name = /\.[A-Za-z0-9]{2,4}$/.test(file.name) ? file.name : `${file.name}.${extensionOf(file.mediaType)}`;
  const { size, sha256, mediaType = binary } = file;
  return { file: { part: 'fichier', name, mediaType, size, sha256, open: () => file.open() } };
}

const pointerOf = (name: string) => `/_files/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Files that are admitted and yet not of the kind that the norm names for this deposit. */
export function unusualFiles(files: readonly DepositFile[] = [], usual: readonly string[]): readonly Finding[] {
  return files
    .filter(({ mediaType }) => mediaType !== undefined && !usual.includes(extensionOf(mediaType)))
    .map(({ name }) => ({
      pointer: pointerOf(name),
      code: 'file_unusual',
      message: `La norme attend ici : ${usual.join(', ')}.`,
    }));
}
