import { resolve } from 'node:path';
import type { EmbeddedRedisKind } from './embedded-redis.js';
import { stopLeftovers } from './keeper-children.js';
import { connectToKeeper, giveBack } from './keeper-connection.js';
import { dropLock, takeLock } from './keeper-lock.js';

/** What the caller wants; what its configuration already gives (DATABASE_URL, REDIS_URL) it does not ask for. */
export interface EmbeddedServicesOptions {
  /** Data, logs and secrets, usually `.opcovia`; relative to the working directory. */
  readonly stateDir: string;
  /** True for the sandbox on its default port 4010. */
  readonly sandbox: boolean | { readonly port: number };
  readonly needPostgres: boolean;
  readonly needRedis: boolean;
  /** False only in tests; the first user of the state directory decides. Default true. */
  readonly fsync?: boolean;
  /** How long the services outlive their last user: 10 under `nest start --watch`, else 0. */
  readonly lingerSeconds?: number;
  /** Where `dist/` and `node_modules/` are; default the working directory. */
  readonly projectRoot?: string;
  /** Called with one short French line per step while the caller waits. */
  readonly onProgress?: (text: string) => void;
}

/** Services that run for as long as this is held; the process that dies without `release` has released all the same. */
export interface EmbeddedServices {
  /** Owner of the database: may create roles, is no superuser. */
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  /** `given` when Redis was not asked for. */
  readonly redisKind: EmbeddedRedisKind | 'given';
  /** True when Redis is the slow in-memory last resort: right for a first look, wrong for tests and work. */
  readonly degraded: boolean;
  readonly sandboxUrl?: string;
  /** Resolves when everything has stopped, or at once when others still use it (or a linger was asked for). */
  release(): Promise<void>;
}

const SANDBOX_PORT = 4010;

function sandboxPort(sandbox: EmbeddedServicesOptions['sandbox']): number | undefined {
  if (typeof sandbox === 'object') return sandbox.port;
  return sandbox ? SANDBOX_PORT : undefined;
}

/** A keeper that was killed cannot stop its children; whoever leaves last does it, unless another keeper has taken over. */
async function cleanUpAfterKeeper(stateDir: string): Promise<void> {
  if (!takeLock(stateDir)) return;
  try {
    await stopLeftovers(stateDir);
  } finally {
    dropLock(stateDir);
  }
}

/** Finds or starts the keeper of the state directory and waits until all that is wanted runs. */
export async function acquireEmbeddedServices(options: EmbeddedServicesOptions): Promise<EmbeddedServices> {
  const stateDir = resolve(options.stateDir);
  const { socket, running } = await connectToKeeper({
    stateDir,
    projectRoot: resolve(options.projectRoot ?? '.'),
    wish: {
      postgres: options.needPostgres,
      redis: options.needRedis,
      sandboxPort: sandboxPort(options.sandbox),
      fsync: options.fsync ?? true,
      lingerSeconds: options.lingerSeconds ?? 0,
    },
    onProgress: options.onProgress ?? (() => undefined),
  });
  // The connection alone must not keep a command alive that has finished its work.
  socket.unref();
  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    if (!(await giveBack(socket))) await cleanUpAfterKeeper(stateDir);
  };
  return {
    ...running,
    redisKind: running.redisKind ?? 'given',
    degraded: running.redisKind === 'last-resort',
    release: () => (released ??= release()),
  };
}
