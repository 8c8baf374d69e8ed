import { randomUUID } from 'node:crypto';
import type { DepositFile } from '../../core/deposit-file.js';
import type { UpstreamRequest } from '../../core/endpoint.js';

/** A body ready to be sent, as often as it has to be. */
export interface EncodedBody {
  readonly contentType: string;
  /** Bytes in all, known before the first one. */
  readonly size: number;
  /** The bytes, whole where they are in memory anyway. */
  open(): Buffer | AsyncIterable<Buffer>;
}

type Body = NonNullable<UpstreamRequest['body']>;
type FilePart = Extract<Body, { kind: 'multipart' }>['file'];

/** The bytes of a body. Written by hand: the JSON part must carry its own content type, and the length must be known beforehand. */
export function encodeBody(body: UpstreamRequest['body']): EncodedBody | undefined {
  if (!body) return undefined;
  if (body.kind === 'json') {
    const bytes = Buffer.from(JSON.stringify(body.value));
    return { contentType: 'application/json', size: bytes.length, open: () => bytes };
  }
  // A random boundary of 122 bits cannot occur in a file by accident nor by intent.
  const boundary = `opcovia-${randomUUID()}`;
  const json = Buffer.from(JSON.stringify(body.json.value));
  const before = Buffer.concat([head(boundary, `name="${quoted(body.json.part)}"`, 'application/json'), json, lineEnd]);
  return { contentType: `multipart/form-data; boundary=${boundary}`, ...framed(before, body.file, boundary) };
}

const lineEnd = Buffer.from('\r\n');

function framed(before: Buffer, file: FilePart, boundary: string): Pick<EncodedBody, 'size' | 'open'> {
  const end = Buffer.from(`--${boundary}--\r\n`);
  if (!file) {
    const bytes = Buffer.concat([before, end]);
    return { size: bytes.length, open: () => bytes };
  }
  const disposition = `name="${quoted(file.part)}"; filename="${quoted(file.name)}"`;
  const opening = Buffer.concat([before, head(boundary, disposition, mediaType(file.mediaType))]);
  const closing = Buffer.concat([lineEnd, end]);
  return { size: opening.length + file.size + closing.length, open: () => around(opening, file, closing) };
}

async function* around(opening: Buffer, file: DepositFile, closing: Buffer): AsyncIterable<Buffer> {
  yield opening;
  yield* file.open();
  yield closing;
}

function head(boundary: string, disposition: string, type: string): Buffer {
  return Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`,
  );
}

/** As browsers do (WHATWG HTML, multipart/form-data encoding); other control characters have no business in a name. */
function quoted(name: string): string {
  return name
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')
    .replaceAll('"', '%22')
    .replace(/\p{Cc}/gu, '_');
}

function mediaType(type = ''): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream';
}
