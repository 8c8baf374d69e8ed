import type { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.js';
import type { startEmbeddedRedis } from '../../src/dev/embedded-redis.js';

/** How to start each service; given, so that the soak uses the built files and a test the sources. */
export interface Starters {
  readonly startEmbeddedPostgres: typeof startEmbeddedPostgres;
  readonly startEmbeddedRedis: typeof startEmbeddedRedis;
}

export declare class BreakableServices {
  constructor(starters: Starters, place: { readonly folder: string; readonly projectRoot: string });
  readonly databaseUrl: string;
  readonly redisUrl: string;
  start(): Promise<void>;
  restartPostgres(): Promise<void>;
  restartRedis(): Promise<void>;
  signalRedis(name: 'SIGSTOP' | 'SIGCONT'): void;
  stop(): Promise<void>;
}
