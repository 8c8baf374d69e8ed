import { createHmac, createSecretKey, randomUUID, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { TenantHash } from '../core/tenant.js';
import { freshBytes } from '../platform/crypto/fresh-bytes.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { Database, Sql } from '../platform/database/database.js';
import { DataKey } from './data-key.js';
import { openIndexKey } from './keyring-check.js';
import { placeIn, ringSealed } from './sealed-columns.js';

/** A data key that no table knows yet: stored by `accept_deposits`, or by `insert`, in the transaction of what it seals. */
export interface FreshKey {
  readonly id: string;
  /** Keyed digest of tenant and subject: the index by which erasure finds every key of a person. */
  readonly subject: Buffer;
  /** The key itself, sealed by the key ring. */
  readonly wrapped: string;
  seal(plaintext: Buffer | string, at: string): string;
  /** The compact form, for pieces of files. */
  sealBytes(plaintext: Buffer, at: string): Buffer;
}

/** The subject of what belongs to the tenant itself: cache entries, OPCO credentials. */
const tenantSubject = 'tenant';

const fiveMinutesMs = 300_000;
const placeOf = (keyId: string, tenant: TenantHash) => placeIn(ringSealed.dataKey, [keyId], tenant);

/**
 * The data keys: one per sealed object of a subject (an apprentice, the tenant), each wrapped by the key ring. Deleting the rows
 * of a subject shreds all that its keys sealed.
 *
 * Subjects are people, and few enough to be guessed: a plain digest would name them. They are found by HMAC-SHA256 under the
 * index key, which `load` opens once (see keyring-check.ts) and which no rotation changes.
 */
export class DataKeys {
  #indexKey: KeyObject | undefined;
  readonly #opened = new LRUCache<string, DataKey>({ max: 10_000, ttl: fiveMinutesMs });
  // Used keys stay while they are used: the cache must go on while PostgreSQL is away.
  readonly #tenantKeys = new LRUCache<TenantHash, DataKey>({ max: 10_000, ttl: fiveMinutesMs, updateAgeOnGet: true });
  readonly #tenantKeysOnTheirWay = new Map<TenantHash, Promise<DataKey>>();

  constructor(
    private readonly database: Database,
    private readonly ring: KeyRing,
  ) {}

  /** Proves the key ring and opens the index key; must have run before `fresh`. Nest calls it through `onModuleInit`. */
  async load(): Promise<void> {
    this.#indexKey ??= await openIndexKey(this.database, this.ring);
  }

  onModuleInit(): Promise<void> {
    return this.load();
  }

  /** Makes a key without I/O. */
  fresh(tenant: TenantHash, subject: string): FreshKey {
    const id = randomUUID();
    const bytes = freshBytes(32);
    const key = new DataKey(id, createSecretKey(bytes));
    const wrapped = this.ring.seal(bytes, placeOf(id, tenant));
    return {
      id,
      subject: this.subjectIndex(tenant, subject),
      wrapped,
      seal: (plaintext, at) => key.seal(plaintext, at),
      sealBytes: (plaintext, at) => key.sealBytes(plaintext, at),
    };
  }

  /** The 32 bytes under which the keys of a subject stand in `data_keys.subject`. */
  subjectIndex(tenant: TenantHash, subject: string): Buffer {
    if (!this.#indexKey) throw new Error('DataKeys.load() has not run');
    return createHmac('sha256', this.#indexKey).update(`${tenant}|${subject}`).digest();
  }

  /** Stores a fresh key in the transaction of what it seals. */
  insert(sql: Sql, tenant: TenantHash, key: FreshKey): Promise<void> {
    return this.insertAll(sql, tenant, [key]);
  }

  /** The same for several by one statement. */
  async insertAll(sql: Sql, tenant: TenantHash, keys: readonly FreshKey[]): Promise<void> {
    await sql.query(
      `INSERT INTO data_keys (id, tenant_hash, subject, wrapped)
       SELECT id, $1, subject, wrapped FROM unnest($2::uuid[], $3::bytea[], $4::text[]) AS k(id, subject, wrapped)`,
      [tenant, keys.map(({ id }) => id), keys.map(({ subject }) => subject), keys.map(({ wrapped }) => wrapped)],
    );
  }

  /** The key of a sealed value (`keyIdOf`); throws UnsealError when it was shredded or belongs to another tenant. */
  async open(sql: Sql, tenant: TenantHash, keyId: string): Promise<DataKey> {
    const name = `${tenant}:${keyId}`;
    const known = this.#opened.get(name);
    if (known) return known;
    const [row] = await sql.query<{ wrapped: string }>(
      'SELECT wrapped FROM data_keys WHERE id = $1 AND tenant_hash = $2',
      [keyId, tenant],
    );
    return this.opened(tenant, keyId, row?.wrapped ?? null);
  }

  /** The same for a row of `data_keys` that was read together with what it seals; null where there was none. */
  opened(tenant: TenantHash, keyId: string, wrapped: string | null): DataKey {
    if (wrapped === null) throw new UnsealError('The data key is gone');
    const name = `${tenant}:${keyId}`;
    const key = this.#opened.get(name) ?? this.unwrap(tenant, keyId, wrapped);
    this.#opened.set(name, key);
    return key;
  }

  /** Fetches by one statement what `open` will be asked for; of keys that are gone it says nothing. */
  async fetch(sql: Sql, tenant: TenantHash, keyIds: readonly string[]): Promise<void> {
    const unknown = [...new Set(keyIds)].filter((keyId) => !this.#opened.has(`${tenant}:${keyId}`));
    if (unknown.length === 0) return;
    const rows = await sql.query<{ id: string; wrapped: string }>(
      'SELECT id, wrapped FROM data_keys WHERE id = ANY ($1::uuid[]) AND tenant_hash = $2',
      [unknown, tenant],
    );
    for (const { id, wrapped } of rows) this.#opened.set(`${tenant}:${id}`, this.unwrap(tenant, id, wrapped));
  }

  /** The one key of what belongs to the tenant itself; made at first need. */
  async tenantKey(tenant: TenantHash): Promise<DataKey> {
    const known = this.#tenantKeys.get(tenant);
    if (known) return known;
    const asked = this.#tenantKeysOnTheirWay.get(tenant);
    if (asked) return asked;
    const asking = this.database
      .asTenant(tenant, (sql) => this.readTenantKey(sql, tenant))
      .then((key) => {
        this.#tenantKeys.set(tenant, key);
        return key;
      })
      .finally(() => this.#tenantKeysOnTheirWay.delete(tenant));
    this.#tenantKeysOnTheirWay.set(tenant, asking);
    return asking;
  }

  /** Drops what this process holds of a tenant: after an erasure. Other processes forget within five minutes without use. */
  forget(tenant: TenantHash): void {
    this.#tenantKeys.delete(tenant);
    for (const name of this.#opened.keys()) if (name.startsWith(tenant)) this.#opened.delete(name);
  }

  private async readTenantKey(sql: Sql, tenant: TenantHash): Promise<DataKey> {
    await this.load();
    const read = () =>
      sql.query<{ id: string; wrapped: string }>(
        'SELECT id, wrapped FROM data_keys WHERE tenant_hash = $1 AND subject = $2 ORDER BY created_at, id LIMIT 1',
        [tenant, this.subjectIndex(tenant, tenantSubject)],
      );
    const [row] = await read();
    if (row) return this.unwrap(tenant, row.id, row.wrapped);
    // Two instances may come here at once: the second one waits for the first one's commit, and reads its key.
    await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`tenant-key ${tenant}`]);
    const [made] = await read();
    if (made) return this.unwrap(tenant, made.id, made.wrapped);
    const fresh = this.fresh(tenant, tenantSubject);
    await this.insert(sql, tenant, fresh);
    return this.unwrap(tenant, fresh.id, fresh.wrapped);
  }

  private unwrap(tenant: TenantHash, keyId: string, wrapped: string): DataKey {
    return new DataKey(keyId, createSecretKey(this.ring.unseal(wrapped, placeOf(keyId, tenant))));
  }
}
