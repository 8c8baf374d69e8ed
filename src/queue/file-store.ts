import { createHash, randomUUID } from 'node:crypto';
import type { DepositFile, FileFacts } from '../core/deposit-file.js';
import { fail, OpcoviaError } from '../core/errors.js';
import { decidingBytes, fileTypeOf } from '../core/file-type.js';
import type { TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import type { DataKey } from '../tenancy/data-key.js';
import type { DataKeys, FreshKey } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';

/** Bytes of one piece before encryption: what is in memory of a file at a time. */
const pieceBytes = 256 * 1024;

/** Well below the time that a call may take. */
const readPausesMs = [100, 300, 1000, 2000];

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

const pieceAt = (file: string, piece: number, tenant: TenantHash) =>
  place('deposit_file_pieces', 'sealed', `${file}.${piece}`, tenant);

/**
 * The files of deposits: sealed pieces in PostgreSQL, written while they arrive and read while they are sent, so that neither
 * way holds a whole file in memory. What is small altogether is held until the acceptance, and costs no commit of its own.
 *
 *     arriving ──small──▶ held ──accept_deposits──▶ in the payload of a job
 *        └──pieces──▶ staged ──accept_deposits──▶ of a job
 *                        └─ refused, or nobody's for an hour ──▶ gone
 *
 * The key of staged pieces is in memory only: should the process die, nobody can read them any more.
 */
export class FileStore {
  constructor(
    private readonly database: Pick<Database, 'asTenant' | 'asSystem'>,
    private readonly keys: Pick<DataKeys, 'fresh' | 'open'>,
    private readonly rules: {
      /** Bytes of all files of one deposit up to which they are held. */
      readonly heldBytes: number;
      /** Resolves after so many milliseconds. */
      readonly wait: (ms: number) => Promise<void>;
    },
  ) {}

  /** A place for the files of one deposit. */
  stage(tenant: TenantHash): Staging {
    return new Staging(this.database, { key: this.keys.fresh(tenant, 'staged'), tenant, ...this.rules });
  }

  /** Stored files, to be read piece by piece; throws NOT_FOUND before anything is sent when a piece is missing. */
  async open(tenant: TenantHash, dataKeyId: string, files: readonly StoredFile[]): Promise<DepositFile[]> {
    if (files.length === 0) return [];
    const key = await this.database.asTenant(tenant, async (sql) => {
      const rows = await sql.query<{ id: string; pieces: number }>(
        'SELECT file_id AS id, count(*)::integer AS pieces FROM deposit_file_pieces WHERE file_id = ANY($1) GROUP BY 1',
        [files.map(({ id }) => id)],
      );
      const held = new Map(rows.map(({ id, pieces }) => [id, pieces]));
      if (files.some(({ id, pieces }) => held.get(id) !== pieces)) throw gone();
      return this.keys.open(sql, tenant, dataKeyId);
    });
    return Promise.all(files.map((file) => this.#opened(tenant, key, file)));
  }

  /** The first piece is read beforehand: most files have no other, and are sent without a look at PostgreSQL. */
  async #opened(tenant: TenantHash, key: DataKey, { id, pieces, ...facts }: StoredFile): Promise<DepositFile> {
    const read = (piece: number) => this.#read(tenant, key, { id, piece });
    const first = await read(0);
    return {
      ...facts,
      open: async function* () {
        yield first;
        for (let piece = 1; piece < pieces; piece++) yield await read(piece);
      },
    };
  }

  /** Insists a little: a moment without PostgreSQL must not cut a deposit in the middle, nobody would know what came of it. */
  async #read(tenant: TenantHash, key: DataKey, { id, piece }: { id: string; piece: number }): Promise<Buffer> {
    for (let tried = 0; ; tried++) {
      try {
        const [row] = await this.database.asTenant(tenant, (sql) =>
          sql.query<{ sealed: Buffer }>('SELECT sealed FROM deposit_file_pieces WHERE file_id = $1 AND piece = $2', [
            id,
            piece,
          ]),
        );
        if (!row) throw gone();
        return key.unsealBytes(row.sealed, pieceAt(id, piece, tenant));
      } catch (error) {
        const passing = error instanceof OpcoviaError && error.code === 'SERVICE_UNAVAILABLE';
        if (!passing || tried >= readPausesMs.length) throw error;
        await this.rules.wait(readPausesMs[tried] ?? 0);
      }
    }
  }

  /** Removes what no job has taken: refused deposits whose clean-up was lost, and uploads cut short. Gives how many files. */
  async purgeStrays(olderThanSeconds: number): Promise<number> {
    const rows = await this.database.asSystem((sql) =>
      sql.query(
        `DELETE FROM deposit_files WHERE id IN (
           SELECT id FROM deposit_files WHERE job_id IS NULL AND created_at < now() - $1 * interval '1 second' LIMIT 500)
         RETURNING 1`,
        [olderThanSeconds],
      ),
    );
    return rows.length;
  }
}

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

function gone() {
  return fail('NOT_FOUND', { detail: 'Le contenu de ce dépôt a été effacé.', sent: 'not-sent' });
}
