import type { Product } from './product.js';
import { sendRaw, type RawAnswer } from './raw-http.js';
import { Client } from 'pg';

/** A part of a form; `head` replaces all the lines in front of its content. */
export interface FormPart {
  readonly name: string;
  readonly content: string | Buffer;
  /** Without one the part is a plain field. */
  readonly filename?: string;
  readonly type?: string;
  readonly head?: string;
}

/** What separates the parts of `formOf`. */
export const boundary = 'a-b0undary';

/** The bytes of a form, written by hand: nothing is repaired. */
export function formOf(parts: readonly FormPart[], end = `--${boundary}--\r\n`): Buffer {
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${boundary}\r\n${headOf(part)}\r\n\r\n`, 'utf8'),
    Buffer.from(part.content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(end)]);
}

function headOf({ name, filename, type, head }: FormPart): string {
  if (head !== undefined) return head;
  const file = filename === undefined ? '' : `; filename="${filename}"`;
  return `Content-Disposition: form-data; name="${name}"${file}${type === undefined ? '' : `\r\nContent-Type: ${type}`}`;
}

/** The head of a request that brings a form; ends with the empty line. */
export function formHead(
  path: string,
  key: string,
  fields: string,
  type = `multipart/form-data; boundary=${boundary}`,
) {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\nConnection: close\r\nContent-Type: ${type}\r\n${fields}\r\n\r\n`;
}

/** Sends a form over a bare connection; `extra` are whole header lines. */
export function sendForm(
  url: string,
  { path, key, form, extra = '', type }: { path: string; key: string; form: Buffer; extra?: string; type?: string },
): Promise<RawAnswer> {
  const head = formHead(path, key, `${extra}Content-Length: ${form.length}`, type);
  return sendRaw(url, Buffer.concat([Buffer.from(head, 'latin1'), form]));
}

/** The same bytes in chunks of that size, for `Transfer-Encoding: chunked`. */
export function chunked(bytes: Buffer, size: number): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]);
}

/** The JSON of an answer that is no problem. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
export function jsonOf({ head, text }: RawAnswer): any {
  return JSON.parse(Buffer.from(text.slice(head.length + 4), 'latin1').toString());
}

/** How many rows PostgreSQL holds of what a deposit leaves; as its owner, so that no policy hides any. */
export async function kept({ databaseUrl }: Pick<Product, 'databaseUrl'>) {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const count = '(SELECT count(*)::int FROM';
  const { rows } = await client
    .query<{ files: number; pieces: number; jobs: number; claims: number }>(
      `SELECT ${count} deposit_files) AS files, ${count} deposit_file_pieces) AS pieces, ${count} jobs) AS jobs,
              ${count} idempotency_claims) AS claims`,
    )
    .finally(() => client.end());
  return rows[0];
}
