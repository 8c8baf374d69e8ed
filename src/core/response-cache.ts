import type { TenantHash } from './tenant.js';

/** Where an answer is kept. The key alone says it all; tenant and OPCO are repeated for the sealing key and the tags. */
export interface CacheAddress {
  /** Made by `cacheKey` only. */
  readonly key: string;
  readonly opcoId: string;
  readonly tenant: TenantHash;
}

/** An answer as it is kept; the bytes are those that went to the first caller. */
export interface StoredReply {
  readonly body: Buffer;
  readonly etag: string;
  /** Milliseconds since the epoch at which the OPCO gave the answer. */
  readonly storedAt: number;
  /** Seconds it is fresh from `storedAt`; it is kept longer, for the day the OPCO is down. */
  readonly ttlSeconds: number;
}

/** An answer to keep. */
export interface ReplyToKeep {
  readonly reply: StoredReply;
  /** What it speaks of (`etats`, `dossier:<numeroInterne>`): forgetting one of them deletes it. */
  readonly entities: readonly string[];
  /** Milliseconds since the epoch at which the OPCO was asked: an entity forgotten since then is not kept. */
  readonly askedAt: number;
}

/**
 * The answers of the OPCOs, apart for each tenant. Fails open: a store that is down or slow reads as empty and never throws.
 */
export interface ResponseCache {
  /** The kept answer, fresh or stale; the caller judges its age. */
  read(address: CacheAddress): Promise<StoredReply | undefined>;
  /** What of it lies in the process itself, at once; absent in a store that is elsewhere. */
  peek?(address: Pick<CacheAddress, 'key'>): StoredReply | undefined;
  /** Whether it is kept now. */
  write(address: CacheAddress, kept: ReplyToKeep): Promise<boolean>;
  /** Deletes every answer of the tenant at the OPCO that speaks of one of the entities. */
  forget(opcoId: string, tenant: TenantHash, entities: readonly string[]): Promise<void>;
}

/** How long past its freshness an answer is kept: stale-if-error. */
export const staleIfErrorSeconds = 24 * 3600;
