import { createHash } from 'node:crypto';
import { type DepositFile, fileInMemory } from '../core/deposit-file.js';
import { fileTypeOf } from '../core/file-type.js';
import type { StoredFile } from './file-store.js';

/** What a deposit's payload holds, before it is sealed: the body, and where its files lie. */
export interface JobPayload {
  readonly body: unknown;
  readonly files: readonly StoredFile[];
  /** Files of a payload of the first form, which held them itself. */
  readonly within: readonly DepositFile[];
}

/** The form with files apart. */
const version = 2;

/** The text to be sealed. Without files it is the first form still, which a worker of the release before can send as well. */
export function writePayload({ body, files }: Pick<JobPayload, 'body' | 'files'>): string {
  return JSON.stringify(files.length === 0 ? body : { v: version, body, files });
}

/**
 * Reads both forms: `{v: 2, body, files}`, and the bare body with its `_files` in base64 that the first release wrote. No body of
 * the norm has a member `v`.
 */
export function readPayload(text: string): JobPayload {
  const read = JSON.parse(text) as Record<string, unknown>;
  if (read['v'] === version) return { body: read['body'], files: read['files'] as StoredFile[], within: [] };
  const { _files: files, ...body } = read;
  const entries = Object.entries((files ?? {}) as Record<string, string>);
  return { body, files: [], within: entries.map(([name, base64]) => fileOf(name, Buffer.from(base64, 'base64'))) };
}

/** A file out of its bytes: what JSON bodies carry. */
export function fileOf(name: string, content: Buffer): DepositFile {
  const mediaType = fileTypeOf(content)?.mediaType;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return fileInMemory({ name, size: content.length, sha256, ...(mediaType && { mediaType }) }, content);
}
