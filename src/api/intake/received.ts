import type { DepositFile } from '../../core/deposit-file.js';
import type { Finding } from '../../core/errors.js';
import type { Staging } from '../../queue/staging.js';

/** The files of one request, whichever way they came. */
export interface Received {
  readonly files: readonly DepositFile[];
  /** What is wrong with the way they came; judged together with the body. */
  readonly findings: readonly Finding[];
  /** Where they lie already: a form is stored while it arrives. */
  readonly staging?: Staging;
}

/** A name that can stand in a header of the OPCO's call and in a pointer. */
const admitted = /^[^\p{Cc}\p{Cs}/\\"]{1,120}$/u;

/** What is wrong with the name of a file; nothing, mostly. */
export function judgeName(name: string): readonly Finding[] {
  if (admitted.test(name)) return [];
  const message = 'Nom de fichier : 1 à 120 caractères, sans barre oblique, guillemet ni caractère de contrôle.';
  return [{ pointer: pointerOf(name), code: 'file_name', message }];
}

/** RFC 6901, as if every file had come in `_files`. */
export function pointerOf(name: string): string {
  return `/_files/${name.slice(0, 200).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
