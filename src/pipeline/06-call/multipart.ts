import { randomUUID } from 'node:crypto';
import type { UpstreamRequest } from '../../core/endpoint.js';

/** A body ready to be sent. */
export interface EncodedBody {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** The bytes of a body. Written by hand: the JSON part must carry its own content type, and the length must be known beforehand. */
export function encodeBody(body: UpstreamRequest['body']): EncodedBody | undefined {
  if (!body) return undefined;
  if (body.kind === 'json') return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(body.value)) };
  // A random boundary of 122 bits cannot occur in a file by accident nor by intent.
  const boundary = `opcovia-${randomUUID()}`;
  const json = Buffer.from(JSON.stringify(body.json.value));
  const parts = part(boundary, `name="${quoted(body.json.part)}"`, 'application/json', json);
  const file = body.file;
  if (file)
    parts.push(
      ...part(
        boundary,
        `name="${quoted(file.part)}"; filename="${quoted(file.name)}"`,
        mediaType(file.mediaType),
        file.content,
      ),
    );
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes: Buffer.concat(parts) };
}

function part(boundary: string, disposition: string, type: string, content: Buffer): Buffer[] {
  const head = `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`;
  return [Buffer.from(head), content, Buffer.from('\r\n')];
}

/** As browsers do (WHATWG HTML, multipart/form-data encoding); other control characters have no business in a name. */
function quoted(name: string): string {
  return name
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')
    .replaceAll('"', '%22')
    .replace(/\p{Cc}/gu, '_');
}

function mediaType(type: string): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream';
}
