import { join } from 'node:path';
import { startEmbeddedPostgres, type ReadyChild } from './embedded-postgres.js';
import { startEmbeddedRedis, type EmbeddedRedisKind } from './embedded-redis.js';
import type { Running, Wish } from './keeper-protocol.js';
import { recordPath, STOP_GRACE_MS, STOP_SIGNALS, type ChildName } from './launched-child.js';
import { stopLeftover } from './process-identity.js';
import { startSandbox } from './sandbox-process.js';
import { SupervisedChild } from './supervised-child.js';

/** Where a keeper works. */
export interface KeeperPlace {
  /** Absolute; holds data, logs, secrets and records. */
  readonly stateDir: string;
  /** Absolute; where `node_modules` is. */
  readonly projectRoot: string;
  /** Absolute path of the built `main.keeper.js`; the other entries lie beside it. */
  readonly keeperFile: string;
}

/** Starts a child, on the given port when it had one before. */
type Start = (port: number | undefined) => Promise<ReadyChild>;

const NAMES: readonly ChildName[] = ['sandbox', 'redis', 'postgres'];

/** Stops whatever a killed keeper left running in this state directory. Only the holder of the lock may call it. */
export async function stopLeftovers(stateDir: string): Promise<void> {
  await Promise.all(NAMES.map((name) => stopLeftover(recordPath(stateDir, name), STOP_SIGNALS[name], STOP_GRACE_MS)));
}

/** The children of one keeper: each started when first wished for, then kept alive until `stop`. */
export class KeeperChildren {
  private readonly started = new Map<ChildName, Promise<{ readonly child: SupervisedChild; readonly url: string }>>();
  private readonly stopping = new AbortController();
  private redisKind: EmbeddedRedisKind = 'last-resort';

  constructor(
    private readonly place: KeeperPlace,
    private readonly report: { readonly progress: (text: string) => void; readonly log: (text: string) => void },
  ) {}

  /** Starts what the wish lacks; the first wish decides about fsync and the sandbox's port. */
  async provide(wish: Wish): Promise<Running> {
    const { sandboxPort } = wish;
    const [database, redis, sandbox] = await Promise.all([
      wish.postgres ? this.child('postgres', (port) => this.postgres(wish.fsync, port)) : undefined,
      wish.redis ? this.child('redis', (port) => this.redis(port)) : undefined,
      sandboxPort === undefined ? undefined : this.child('sandbox', () => this.sandbox(sandboxPort)),
    ]);
    return {
      ...(database && { databaseUrl: database }),
      ...(redis && { redisUrl: redis, redisKind: this.redisKind }),
      ...(sandbox && { sandboxUrl: sandbox }),
    };
  }

  /** Stops everything, also what is still starting. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const all = await Promise.allSettled([...this.started.values()]);
    const running = all.filter((one) => one.status === 'fulfilled');
    await Promise.all(running.map(({ value }) => value.child.stop()));
  }

  private async child(name: ChildName, start: Start): Promise<string> {
    const known = this.started.get(name);
    if (known) return (await known).url;
    const starting = this.supervise(name, start);
    this.started.set(name, starting);
    // A failed start is forgotten, so that the next user may try again.
    starting.catch(() => this.started.delete(name));
    return (await starting).url;
  }

  private async supervise(name: ChildName, start: Start): Promise<{ child: SupervisedChild; url: string }> {
    let url = '';
    const remembering = async (): Promise<ReadyChild> => {
      const ready = await start(url === '' ? undefined : Number(new URL(url).port));
      url = ready.url;
      return ready;
    };
    const child = new SupervisedChild(name, remembering, this.stopping.signal, this.report.log);
    await child.start();
    return { child, url };
  }

  private get surroundings(): { stateDir: string; signal: AbortSignal; onProgress: (text: string) => void } {
    return { stateDir: this.place.stateDir, signal: this.stopping.signal, onProgress: this.report.progress };
  }

  private postgres(fsync: boolean, port: number | undefined): Promise<ReadyChild> {
    return startEmbeddedPostgres({ ...this.surroundings, projectRoot: this.place.projectRoot, fsync, port });
  }

  private async redis(port: number | undefined): Promise<ReadyChild> {
    const redis = await startEmbeddedRedis({ ...this.surroundings, keeperFile: this.place.keeperFile, port });
    this.redisKind = redis.kind;
    return redis;
  }

  private sandbox(port: number): Promise<ReadyChild> {
    return startSandbox({
      ...this.surroundings,
      port,
      sandboxFile: join(this.place.keeperFile, '..', 'main.sandbox.js'),
    });
  }
}
