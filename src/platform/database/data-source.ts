import type { DataSourceOptions } from 'typeorm';
import { migrations } from './migrations.js';

/** The runtime roles; the owner of the schema is nobody's runtime role. */
export type DatabaseRole = 'opcovia_app' | 'opcovia_system';

/** How to reach PostgreSQL as the owner, for migrations only. */
export function ownerOptions(url: string): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    migrations,
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    // A migration that waits for a lock makes everybody behind it wait as well: it gives up, and is tried again.
    extra: { options: '-c lock_timeout=3000' },
  };
}

/**
 * How to reach PostgreSQL at run time: every connection takes its role at once (`SET ROLE` by a start-up option), so that no
 * statement ever runs with the rights of the login.
 */
export function runtimeOptions(
  url: string,
  role: DatabaseRole,
  { poolSize, connectMs = 3000 }: { readonly poolSize: number; readonly connectMs?: number },
): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    synchronize: false,
    logging: false,
    poolSize,
    connectTimeoutMS: connectMs,
    applicationName: role,
    extra: {
      options: `-c role=${role} -c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000`,
      // A server that is frozen, or a network that is gone without a reset, must not hold a connection for hours.
      query_timeout: 20_000,
      // A connection costs several round trips: what a burst has opened is kept for the next one.
      idleTimeoutMillis: 60_000,
      // With a connection go the plans that were made when the tables were smaller, and the memory that they take.
      maxLifetimeSeconds: 600,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    },
    poolErrorHandler: () => undefined,
  };
}
