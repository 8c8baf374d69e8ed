import { createHash } from 'node:crypto';
import canonicalizeModule from 'canonicalize';
import type { FileFacts } from '../core/deposit-file.js';
import { fail } from '../core/errors.js';

// The package is CommonJS with `export default` in its types only: what is imported is the function itself.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string | undefined;

const visible = /^[\x21-\x7e]{1,255}$/;

const refusals = {
  twice: "L'en-tête Idempotency-Key doit figurer une seule fois, sans virgule hors guillemets.",
  syntax: "La clé d'idempotence doit compter de 1 à 255 caractères ASCII visibles, nue ou entre guillemets (RFC 8941).",
};

/**
 * The client's key out of its header: `doc-1` and `"doc-1"` are the same key (RFC 8941 string). Undefined when there is none.
 * Node joins repeated lines by a comma, so a comma outside quotes is refused. Throws 400 IDEMPOTENCY_KEY_INVALID.
 */
export function readIdempotencyKey(field: string | readonly string[] | undefined): string | undefined {
  if (field === undefined) return undefined;
  if (typeof field !== 'string') {
    if (field.length === 1) return readIdempotencyKey(field[0]);
    throw fail('IDEMPOTENCY_KEY_INVALID', { detail: refusals.twice });
  }
  const text = field.replace(/^[ \t]+|[ \t]+$/g, '');
  const key = text.startsWith('"') ? unquote(text) : bare(text);
  if (key === undefined || !visible.test(key)) throw fail('IDEMPOTENCY_KEY_INVALID', { detail: refusals.syntax });
  return key;
}

function bare(text: string): string | undefined {
  if (text.includes(',')) throw fail('IDEMPOTENCY_KEY_INVALID', { detail: refusals.twice });
  return text.includes('"') ? undefined : text;
}

function unquote(text: string): string | undefined {
  const [, inner] = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(text) ?? [];
  return inner?.replace(/\\(["\\])/g, '$1');
}

/** A file as the fingerprint sees it: its bytes by their digest, however they travelled. */
export type NamedContent = Pick<FileFacts, 'name' | 'sha256'>;

/** What makes two deposits the same deposit. */
export interface DepositContent {
  readonly method: string;
  readonly route: string;
  readonly opcoId: string;
  /** Without `_files`. */
  readonly body: unknown;
  readonly files: readonly NamedContent[];
}

/**
 * sha256 over method, route, OPCO, the RFC 8785 form of the body, and name and sha256 of each file, every part length-prefixed:
 * JSON and multipart of the same content are equal, whatever the order of members and files.
 */
export function fingerprint({ method, route, opcoId, body, files }: DepositContent): Buffer {
  const hash = createHash('sha256');
  const add = (part: string | Buffer) => {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    hash.update(`${bytes.length}:`).update(bytes);
  };
  for (const part of [method, route, opcoId, canonicalize(body) ?? '']) add(part);
  const digests = files.map(({ name, sha256 }) => [Buffer.from(name, 'utf8'), Buffer.from(sha256, 'hex')] as const);
  digests.sort(([a, x], [b, y]) => Buffer.compare(a, b) || Buffer.compare(x, y));
  for (const [name, digest] of digests) {
    add(name);
    add(digest);
  }
  return hash.digest();
}

/** How a claim is stored: never the client's text. */
export interface ClaimKey {
  readonly hash: Buffer;
  /** Made by us out of the content, because the client gave no key. */
  readonly implicit: boolean;
}

/** The claim of a deposit: on the client's key, else on the content itself. The two kinds never meet. */
export function claimKey(key: string | undefined, content: Buffer): ClaimKey {
  if (key === undefined) return { hash: sha256(Buffer.concat([Buffer.from('implicit:'), content])), implicit: true };
  return { hash: sha256(Buffer.from(`explicit:${key}`)), implicit: false };
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
