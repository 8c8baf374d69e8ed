import type { DepositFile } from '../../core/deposit-file.js';
import type { Finding } from '../../core/errors.js';
import { extensionOf } from '../../core/file-type.js';

const binary = 'application/octet-stream';

/** The file as the norm's second part, named with the extension of what it really is. */
export function fichierPart(files: readonly DepositFile[] = []): { readonly file?: DepositFile & { part: string } } {
  const [file] = files;
  if (!file) return {};
  const name = named(file);
  const { size, sha256, mediaType = binary } = file;
  return { file: { part: 'fichier', name, mediaType, size, sha256, open: () => file.open() } };
}

/** `.jpeg` is as good as `.jpg`; any other extension that is not the content's own is followed by it. */
function named({ name, mediaType }: DepositFile): string {
  const extension = extensionOf(mediaType);
  const written = /\.([A-Za-z0-9]{2,4})$/.exec(name)?.[1]?.toLowerCase().replace('jpeg', 'jpg');
  return written === extension ? name : `${name}.${extension}`;
}

/**
 * Files that are admitted and yet not of the kind that the norm names for this deposit. Their names are not repeated.
 */
export function unusualFiles(files: readonly DepositFile[] = [], usual: readonly string[]): readonly Finding[] {
  return files
    .filter(({ mediaType }) => mediaType !== undefined && !usual.includes(extensionOf(mediaType)))
    .map(() => ({
      pointer: '/_files',
      code: 'file_unusual',
      message: `La norme attend ici : ${usual.join(', ')}.`,
    }));
}
