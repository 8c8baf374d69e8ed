import type { DepositFile } from '../core/deposit-file.js';
import { fail, OpcoviaError } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import type { DataKey } from '../tenancy/data-key.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { pieceAt, Staging, type StoredFile } from './staging.js';

/** Well below the time that a call may take. */
const readPausesMs = [100, 300, 1000, 2000];

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

function gone() {
  return fail('NOT_FOUND', { detail: 'Le contenu de ce dépôt a été effacé.', sent: 'not-sent' });
}
