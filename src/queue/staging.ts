import { createHash, randomUUID } from 'node:crypto';
import type { FileFacts } from '../core/deposit-file.js';
import { fail } from '../core/errors.js';
import { decidingBytes, fileTypeOf } from '../core/file-type.js';
import type { TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import type { FreshKey } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';

/** Bytes of one piece before encryption: what is in memory of a file at a time. */
const pieceBytes = 256 * 1024;

/** A file that lies in the store: what is sealed into the job's payload. */
export interface StoredFile extends FileFacts {
  readonly id: string;
  readonly pieces: number;
}

/** A file so small that it travels in the job's payload. */
export interface HeldFile extends FileFacts {
  readonly content: Buffer;
}

/** The files of one deposit, and the key that sealed them; the key is stored with the job, or never. */
export interface StagedFiles {
  readonly key: FreshKey;
  readonly files: readonly StoredFile[];
  readonly held: readonly HeldFile[];
}

/** The place of one piece of a stored file, as its seal binds it. */
export const pieceAt = (file: string, piece: number, tenant: TenantHash) =>
  place('deposit_file_pieces', 'sealed', `${file}.${piece}`, tenant);

/** Whose files arrive, and how many bytes of them are held. */
interface StagingTerms {
  readonly key: FreshKey;
  readonly tenant: TenantHash;
  readonly heldBytes: number;
}

/** The files of one deposit while they arrive. */
export class Staging {
  readonly #files: StoredFile[] = [];
  readonly #held: HeldFile[] = [];
  /** Those that broke off as well: some of their pieces may be stored. */
  #begun: string[] = [];
  #room: number;

  constructor(
    private readonly database: Pick<Database, 'asTenant'>,
    private readonly terms: StagingTerms,
  ) {
    this.#room = terms.heldBytes;
  }

  /** Takes one file as it comes; the next piece is not asked for before this one is stored. `known` spares the weighing. */
  async add(name: string, source: AsyncIterable<Buffer>, known?: FileFacts): Promise<FileFacts> {
    const rest = source[Symbol.asyncIterator]();
    const first: Buffer[] = [];
    let size = 0;
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      first.push(next.value);
      size += next.value.length;
      if (size > this.#room) return this.#store(name, after(first, rest), known);
    }
    this.#room -= size;
    const facts = known ?? (await weigh(name, after(first)));
    this.#held.push({ ...facts, content: Buffer.concat(first, size) });
    return facts;
  }

  /** What has arrived, for `AcceptDeposit`. */
  staged(): StagedFiles {
    return { key: this.terms.key, files: this.#files, held: this.#held };
  }

  /** A job has taken the files: nothing is left to drop. */
  settle(): void {
    this.#begun = [];
  }

  /** Removes what no job has taken; called after every request, so it must not disturb those that a job did take. */
  async drop(): Promise<void> {
    if (this.#begun.length === 0) return;
    await this.database.asTenant(this.terms.tenant, (sql) =>
      sql.query('DELETE FROM deposit_files WHERE id = ANY($1) AND job_id IS NULL', [this.#begun]),
    );
  }

  async #store(name: string, source: AsyncIterable<Buffer>, known: FileFacts | undefined): Promise<FileFacts> {
    const id = randomUUID();
    this.#begun.push(id);
    let pieces = 0;
    const write = (content: Buffer) => this.#write(id, pieces++, content);
    if (known) for await (const content of inPieces(source)) await write(content);
    const facts = known ?? (await weigh(name, inPieces(source), write));
    this.#files.push({ id, ...facts, pieces });
    return facts;
  }

  async #write(id: string, piece: number, content: Buffer): Promise<void> {
    const { key, tenant } = this.terms;
    const sealed = key.sealBytes(content, pieceAt(id, piece, tenant));
    const written = this.database.asTenant(tenant, async (sql) => {
      if (piece === 0) await sql.query('INSERT INTO deposit_files (id, tenant_hash) VALUES ($1, $2)', [id, tenant]);
      await sql.query('INSERT INTO deposit_file_pieces (file_id, piece, tenant_hash, sealed) VALUES ($1, $2, $3, $4)', [
        id,
        piece,
        tenant,
        sealed,
      ]);
    });
    await written.catch((error: unknown) => {
      throw lostItsFile(error) ? vanished(error) : error;
    });
  }
}

/** SQLSTATE foreign_key_violation: the row that the pieces belong to was purged, after an upload of more than an hour. */
function lostItsFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23503';
}

function vanished(cause: unknown) {
  const detail = "Le fichier a été effacé avant la fin de son envoi ; rien n'est enregistré, renvoyez le dépôt.";
  return fail('SERVICE_UNAVAILABLE', { detail, retryAfterSeconds: 1, cause });
}

/** What is known of a file once all its bytes have passed; `each` may hold them up. */
export async function weigh(
  name: string,
  source: AsyncIterable<Buffer>,
  each: (content: Buffer) => Promise<unknown> = () => Promise.resolve(),
): Promise<FileFacts> {
  const digest = createHash('sha256');
  let head = Buffer.alloc(0);
  let size = 0;
  for await (const content of source) {
    if (head.length < decidingBytes) head = Buffer.concat([head, content.subarray(0, decidingBytes - head.length)]);
    digest.update(content);
    size += content.length;
    await each(content);
  }
  const mediaType = fileTypeOf(head)?.mediaType;
  return { name, size, sha256: digest.digest('hex'), ...(mediaType && { mediaType }) };
}

/** What was read ahead, then the rest. */
async function* after(first: readonly Buffer[], rest?: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  yield* first;
  if (rest) yield* { [Symbol.asyncIterator]: () => rest };
}

/** Cuts a stream anew into pieces of one size; the last one is what remains, and an empty stream gives one empty piece. */
async function* inPieces(source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let given = 0;
  for await (const chunk of source) {
    let rest = chunk;
    while (bytes + rest.length >= pieceBytes) {
      const cut = pieceBytes - bytes;
      yield Buffer.concat([...waiting, rest.subarray(0, cut)], pieceBytes);
      given++;
      [waiting, bytes, rest] = [[], 0, rest.subarray(cut)];
    }
    waiting.push(rest);
    bytes += rest.length;
  }
  if (bytes > 0 || given === 0) yield Buffer.concat(waiting, bytes);
}
