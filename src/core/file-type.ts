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

/** So many first bytes decide; more changes nothing. */
export const decidingBytes = 4096;

/** The type by content, never by name; undefined for what the norm does not take. Give the first `decidingBytes`, or all there is. */
export function fileTypeOf(content: Buffer): FileType | undefined {
  const head = content.subarray(0, decidingBytes);
  return (
    signatures.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte)) ??
    (isCsv(head) ? csv : undefined)
  );
}

/** What a file of this media type is called at its end; `bin` for a type of none of ours. */
export function extensionOf(mediaType: string | undefined): string {
  return [...signatures, csv].find((type) => type.mediaType === mediaType)?.extension ?? 'bin';
}

/** CSV has no signature: UTF-8 text without control characters and with a separator in its first line. */
function isCsv(head: Buffer): boolean {
  const text = textOf(head);
  if (!text || /[\u0000-\u0008\u000e-\u001f]/.test(text)) return false;
  const end = text.search(/[\r\n]/);
  return /[;,\t]/.test(end < 0 ? text : text.slice(0, end));
}

/** Undefined for what is not UTF-8; a character cut at the end of the head is no fault of the file. */
function textOf(head: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: head.length === decidingBytes });
  } catch {
    return undefined;
  }
}
