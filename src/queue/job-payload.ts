import { createHash } from 'node:crypto';
import { type DepositFile, fileInMemory } from '../core/deposit-file.js';
import { fileTypeOf } from '../core/file-type.js';
import type { HeldFile, StoredFile } from './staging.js';

/** What a deposit's payload holds, before it is sealed: the body, and its files or where they lie. */
export interface JobPayload {
  readonly body: unknown;
  readonly files: readonly StoredFile[];
  /** Files that the payload holds itself. */
  readonly within: readonly DepositFile[];
}

/** The form with files apart. */
const version = 2;

/**
 * The text to be sealed: `{v: 2, body, files, within}` where files lie in the store, else the first release's form, the body with
 * its `_files` in base64, which a worker of that release can send as well. No body of the norm has a member `v`.
 */
export function writePayload({
  body,
  files,
  held,
}: {
  readonly body: unknown;
  readonly files: readonly StoredFile[];
  readonly held: readonly HeldFile[];
}): string {
  const within = Object.fromEntries(held.map(({ name, content }) => [name, content.toString('base64')]));
  if (files.length > 0) return JSON.stringify({ v: version, body, files, within });
  return JSON.stringify(held.length > 0 ? { ...(body as object), _files: within } : body);
}

/** Reads both forms. */
export function readPayload(text: string): JobPayload {
  const read = JSON.parse(text) as Record<string, unknown>;
  if (read['v'] === version)
    return { body: read['body'], files: read['files'] as StoredFile[], within: filesIn(read['within']) };
  const { _files: files, ...body } = read;
  return { body, files: [], within: filesIn(files) };
}

function filesIn(within: unknown): DepositFile[] {
  const entries = Object.entries((within ?? {}) as Record<string, string>);
  return entries.map(([name, base64]) => fileOf(name, Buffer.from(base64, 'base64')));
}

/** A file out of its bytes: what JSON bodies carry. */
export function fileOf(name: string, content: Buffer): DepositFile {
  const mediaType = fileTypeOf(content)?.mediaType;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return fileInMemory({ name, size: content.length, sha256, ...(mediaType && { mediaType }) }, content);
}
