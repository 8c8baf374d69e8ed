import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A PostgreSQL and a Redis of one's own that can be broken and come back on their ports. PostgreSQL is as durable as in production
 * (`fsync`): what was committed must outlive an immediate stop. Redis forgets everything whenever it is killed.
 */
export class BreakableServices {
  #aborted = new AbortController();
  #postgres;
  #redis;

  /** `starters` are `startEmbeddedPostgres` and `startEmbeddedRedis` of src/dev; `folder` is emptied by whoever made it. */
  constructor(starters, { folder, projectRoot }) {
    this.starters = starters;
    // As root, PostgreSQL runs as another user and must be able to walk there.
    chmodSync(folder, 0o755);
    this.stateDir = join(folder, 'services');
    mkdirSync(this.stateDir, { recursive: true });
    const onProgress = () => undefined;
    const order = { stateDir: this.stateDir, projectRoot, signal: this.#aborted.signal, onProgress };
    this.order = { ...order, fsync: true, keeperFile: join(projectRoot, 'dist/src/main.keeper.js') };
  }

  async start() {
    await this.#startPostgres();
    await this.#startRedis();
    if (this.#redis.kind === 'last-resort') throw new Error('a real Redis is needed: redis-server on the PATH, or apt');
  }

  get databaseUrl() {
    return this.#postgres.url;
  }

  get redisUrl() {
    return this.#redis.url;
  }

  get redisPid() {
    return this.#redis.child.pid;
  }

  /** `pg_ctl restart -m immediate`: no goodbye, no checkpoint; it recovers from its log. */
  async restartPostgres() {
    process.kill(this.#postgres.child.pid, 'SIGQUIT');
    await this.#postgres.child.exited;
    await this.#startPostgres(portOf(this.#postgres.url));
  }

  /** `kill -9`, and nothing of what it knew is there when it comes back. */
  async restartRedis() {
    process.kill(this.#redis.child.pid, 'SIGKILL');
    await this.#redis.child.exited;
    rmSync(join(this.stateDir, 'redis'), { recursive: true, force: true });
    await this.#startRedis(portOf(this.#redis.url));
  }

  /** SIGSTOP holds every command, SIGCONT lets them go on. */
  signalRedis(name) {
    process.kill(this.redisPid, name);
  }

  async stop() {
    this.#aborted.abort();
    await Promise.allSettled([this.#postgres?.child.stop(), this.#redis?.child.stop()]);
  }

  async #startPostgres(port) {
    this.#postgres = await this.starters.startEmbeddedPostgres({ ...this.order, port });
  }

  async #startRedis(port) {
    this.#redis = await this.starters.startEmbeddedRedis({ ...this.order, port });
  }
}

const portOf = (url) => Number(new URL(url).port);
