/** One part of a form. A file is a part whose header names one. */
export interface FormPart {
  readonly name: string;
  readonly filename?: string;
  readonly content: Buffer;
}

const lineEnd = Buffer.from('\r\n');
const headEnd = Buffer.from('\r\n\r\n');

/**
 * The parts of a multipart body (RFC 7578), undefined when it is none or ends too early. Written apart from the
 * product's own reader on purpose, and by hand because the platform's costs more than all the rest of a deposit.
 *
 *     --b CRLF head CRLF CRLF content CRLF --b CRLF ... CRLF --b--
 */
export function partsOf(body: Buffer, contentType: string): readonly FormPart[] | undefined {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return undefined;
  const first = Buffer.from(`--${boundary}`);
  const next = Buffer.from(`\r\n--${boundary}`);
  if (!body.subarray(0, first.length).equals(first)) return undefined;
  const parts: FormPart[] = [];
  let at = first.length;
  while (body.subarray(at, at + 2).equals(lineEnd)) {
    const end = body.indexOf(next, at);
    const part = end < 0 ? undefined : partOf(body.subarray(at + 2, end));
    if (!part) return undefined;
    parts.push(part);
    at = end + next.length;
  }
  return body.toString('latin1', at, at + 2) === '--' ? parts : undefined;
}

function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] =
    /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? [];
  return quoted ?? plain;
}

function partOf(bytes: Buffer): FormPart | undefined {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return undefined;
  const head = bytes.toString('utf8', 0, end);
  const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head)?.[1];
  const name = parameter(disposition, 'name');
  if (name === undefined) return undefined;
  const filename = parameter(disposition, 'filename');
  return { name, ...(filename !== undefined && { filename }), content: bytes.subarray(end + headEnd.length) };
}

/** `"` stands as `%22` in a quoted value. */
function parameter(disposition = '', name: string): string | undefined {
  const [, quoted, plain] = new RegExp(`(?:^|;)\\s*${name}=(?:"([^"]*)"|([^\\s;"]+))`, 'i').exec(disposition) ?? [];
  return (quoted ?? plain)?.replaceAll('%22', '"');
}
