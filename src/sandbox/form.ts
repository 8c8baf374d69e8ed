import { hash } from 'node:crypto';
import { demand, parsedPart, type Part } from './demand.js';
import { partsOf, type FormPart } from './multipart.js';

/** A file that an OPCO keeps: its digest and its size, never its content. */
export interface KeptFile {
  /** sha256, hex. */
  readonly fichier: string;
  readonly octets: number;
  readonly type: FileKind;
}

/** What a file is by its first bytes; `table` is text that a spreadsheet reads. */
export type FileKind = 'pdf' | 'jpg' | 'png' | 'xls' | 'xlsx' | 'table';

/** A multipart deposit: its JSON part, and its file where there is one. */
export interface DepositForm {
  readonly json: Part;
  readonly file: KeptFile | undefined;
}

/** What a multipart route wants. */
export interface FormDemand {
  /** Name of the part that holds JSON; the file is always `fichier` (norm.md 3.12b). */
  readonly part: string;
  readonly kinds: readonly FileKind[];
  /** A form without a file is taken as well. */
  readonly fileOptional?: true;
}

/** Largest file that an OPCO takes. */
export const largestFile = 10 * 1024 * 1024;

/** Reads a form with exactly the parts of its route; refuses all else in the words that every OPCO then puts in shape. */
export function readForm(body: Buffer | undefined, contentType: string, wanted: FormDemand): DepositForm {
  const parts = body && partsOf(body, contentType);
  demand(parts !== undefined, ['MULTIPART', 'Corps multipart/form-data attendu.', 415]);
  const names = parts.map(({ name }) => name).sort();
  demand(names.includes(wanted.part), ['PARTIES', `La partie ${wanted.part} est attendue.`]);
  const stray = names.find((name, index) => (name !== wanted.part && name !== 'fichier') || names[index + 1] === name);
  demand(stray === undefined, ['PARTIES', `Partie inattendue ou répétée : ${stray}.`]);
  const json = parsedPart(parts.find(({ name }) => name === wanted.part)?.content.toString('utf8') ?? '');
  demand(json !== undefined, ['JSON', `${wanted.part} : un objet JSON est attendu.`]);
  const file = parts.find(({ name }) => name === 'fichier');
  return file === undefined && wanted.fileOptional ? { json, file } : { json, file: keptFile(file, wanted) };
}

function keptFile(file: FormPart | undefined, { kinds }: FormDemand): KeptFile {
  const { filename, content } = file ?? {};
  demand(filename !== undefined && content !== undefined && content.length > 0, [
    'FICHIER',
    'fichier : un fichier est attendu.',
  ]);
  demand(content.length <= largestFile, ['TAILLE', 'fichier : 10 Mio au plus.', 413]);
  const type = kindOf(content, filename);
  demand(type !== undefined && kinds.includes(type), [
    'TYPE',
    `fichier : type non accepté, attendu : ${kinds.join(', ')}.`,
  ]);
  return { fichier: hash('sha256', content), octets: content.length, type };
}

const signatures: readonly (readonly [FileKind, Buffer])[] = [
  ['pdf', Buffer.from('%PDF-')],
  ['jpg', Buffer.from([0xff, 0xd8, 0xff])],
  ['png', Buffer.from([0x89, 0x50, 0x4e, 0x47])],
  ['xls', Buffer.from([0xd0, 0xcf, 0x11, 0xe0])],
  ['xlsx', Buffer.from([0x50, 0x4b, 0x03, 0x04])],
];

/** By content; only text is known by its name as well. */
function kindOf(content: Buffer, name: string): FileKind | undefined {
  const found = signatures.find(([, start]) => content.subarray(0, start.length).equals(start))?.[0];
  return found ?? (/\.csv$/i.test(name) && !content.includes(0) ? 'table' : undefined);
}
