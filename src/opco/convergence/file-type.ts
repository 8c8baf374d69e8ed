import type { Finding } from '../../core/errors.js';

/** A kind of file the norm takes, told from its first bytes. */
export interface FileType {
  readonly mediaType: string;
  readonly extension: string;
}

const signatures: readonly (FileType & { readonly bytes: readonly number[] })[] = [
  { mediaType: 'application/pdf', extension: 'pdf', bytes: [0x25, 0x50, 0x44, 0x46, 0x2d] },
  { mediaType: 'image/png', extension: 'png', bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { mediaType: 'image/jpeg', extension: 'jpg', bytes: [0xff, 0xd8, 0xff] },
  { mediaType: 'application/vnd.ms-excel', extension: 'xls', bytes: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] },
  {
    mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    extension: 'xlsx',
    bytes: [0x50, 0x4b, 0x03, 0x04],
  },
];

const csv: FileType = { mediaType: 'text/csv', extension: 'csv' };

/** The type by content, never by name; undefined for what the norm does not take. */
export function fileTypeOf(content: Buffer): FileType | undefined {
  return (
    signatures.find(({ bytes }) => bytes.every((byte, index) => content[index] === byte)) ??
    (isCsv(content) ? csv : undefined)
  );
}

/** CSV has no signature: UTF-8 text without control characters and with a separator in its first line. */
function isCsv(content: Buffer): boolean {
  const text = content.toString('utf8');
  if (content.length === 0 || /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text)) return false;
  const end = text.search(/[\r\n]/);
  return /[;,\t]/.test(end < 0 ? text : text.slice(0, end));
}

/** What is wrong with the one file of a deposit, by content. */
export function judgeFiles(files: Readonly<Record<string, string>>): readonly Finding[] {
  return Object.entries(files).flatMap(([name, base64]) => {
    const pointer = `/_files/${name.replaceAll('~', '~0')}`;
    if (fileTypeOf(Buffer.from(base64, 'base64'))) return [];
    return [
      { pointer, code: 'file_type', message: 'Type de fichier non admis ; attendus : pdf, jpg, png, xls, xlsx, csv.' },
    ];
  });
}
