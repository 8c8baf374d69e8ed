import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, launch, printed, stop } from '../../tools/running-product.mjs';
import { BreakableServices } from '../../tools/soak/services.mjs';
import { pinned } from './pinned.mjs';

const dist = '../../dist/src';
const { startEmbeddedPostgres } = await import(`${dist}/dev/embedded-postgres.js`);
const { startEmbeddedRedis } = await import(`${dist}/dev/embedded-redis.js`);
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Built program, services and sandbox of one measurement, in a temporary folder; `run` cleans all of it up. */
export class Rig {
  folder = mkdtempSync(join(tmpdir(), 'opcovia-bench-'));
  services = new BreakableServices(
    { startEmbeddedPostgres, startEmbeddedRedis },
    { folder: this.folder, projectRoot: root },
  );
  #programs = [];

  /** Services and sandbox up, `measure` done, everything gone again, after Ctrl-C too. */
  async run(measure) {
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.on(signal, () => void this.#cleanUp().then(() => process.exit(130)));
    try {
      await this.services.start();
      const port = await freePort();
      this.sandbox = this.#begin('main.sandbox.js', { OPCOVIA_SANDBOX_PORT: String(port) });
      await printed(this.sandbox, /listening/, 30_000);
      this.sandboxUrl = `http://127.0.0.1:${port}`;
      await measure();
    } finally {
      await this.#cleanUp();
    }
  }

  /** POSTs to the sandbox's control API and gives the answer. */
  async control(path, body) {
    const answer = await fetch(`${this.sandboxUrl}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${path}: ${await answer.text()}`);
    return answer.json();
  }

  /** The program on the services, with the limits of OPCO and client out of the way. */
  async product(opcoId, env = {}) {
    const program = this.#begin('main.js', {
      DATABASE_URL: this.services.databaseUrl,
      REDIS_URL: this.services.redisUrl,
      OPCOVIA_SANDBOX_URL: this.sandboxUrl,
      OPCOVIA_STATE_DIR: join(this.folder, 'state'),
      OPCOVIA_API_PORT: '0',
      OPCOVIA_STAFF_PORT: '0',
      OPCOVIA_LOG_LEVEL: 'error',
      OPCOVIA_UPSTREAM_LIMITS: JSON.stringify({ [opcoId]: { callsPerSecond: 1e6, burst: 1e6 } }),
      OPCOVIA_TENANT_REQUESTS_PER_MINUTE: '10000000',
      OPCOVIA_KEY_REQUESTS_PER_MINUTE: '10000000',
      OPCOVIA_POLL_INTERVAL_SECONDS: '3600',
      ...env,
    });
    const [, url] = await printed(program, /API +: (http:\S+)/, 120_000);
    const [, key] = await printed(program, /démonstration : (\S+)/, 60_000);
    return { program, url, key };
  }

  #begin(entry, env) {
    const [command, ...args] = pinned('server', [process.execPath, join(root, 'dist/src', entry)]);
    const program = launch(command, args, { cwd: root, env: { OPCOVIA_BENCH: this.folder, ...env } });
    this.#programs.push(program);
    return program;
  }

  async #cleanUp() {
    await Promise.all(this.#programs.map((program) => stop(program, 'SIGKILL', 5_000)));
    await this.services.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A row of a Markdown table on standard output. */
export function row(cells) {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
