import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { runBuilt, type BuiltProcess } from './built-file.js';
import { ask, eventually } from './product.js';
import { createMigratedDatabase } from './test-database.js';
import { emptyRedis } from './test-redis.js';

/** The built file while it runs: its API, and the key of the demonstration CFA. */
export interface Running {
  readonly process: BuiltProcess;
  readonly url: string;
  readonly apiKey: string;
}

type Services = Readonly<Record<'stateDir' | 'databaseUrl' | 'redisUrl', string>> & { drop(): Promise<void> };

/** The built file on services of its own, which outlive it: it can be killed and started again. Build first. */
export class OwnProduct {
  readonly #started: BuiltProcess[] = [];

  private constructor(
    readonly sandbox: Sandbox,
    readonly services: Services,
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  /** `name` tells this product's Redis and folder from others'. */
  static async of(name: string, variables: Readonly<Record<string, string>> = {}): Promise<OwnProduct> {
    const redisUrl = await emptyRedis('built-file');
    const [{ url: databaseUrl, drop }, sandbox] = await Promise.all([
      createMigratedDatabase(),
      startSandbox({ port: 0, seed: name, speed: 0 }),
    ]);
    const stateDir = mkdtempSync(join(tmpdir(), `opcovia-${name}-`));
    return new OwnProduct(sandbox, { stateDir, databaseUrl, redisUrl, drop }, variables);
  }

  async start(): Promise<Running> {
    const process = runBuilt('main.js', {
      DATABASE_URL: this.services.databaseUrl,
      REDIS_URL: this.services.redisUrl,
      OPCOVIA_SANDBOX_URL: this.sandbox.url,
      OPCOVIA_STATE_DIR: this.services.stateDir,
      OPCOVIA_API_PORT: '0',
      OPCOVIA_STAFF_PORT: '0',
      ...this.variables,
    });
    this.#started.push(process);
    await process.until('Opcovia est prêt');
    const [, url = ''] = /API +: (http:\S+)/.exec(process.printed()) ?? [];
    const [, apiKey = ''] = /démonstration : (\S+)/.exec(process.printed()) ?? [];
    return { process, url, apiKey };
  }

  /** Waits for the end of a job and gives it; fails unless it is completed. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  async completed({ url, apiKey }: Running, statusUrl: string): Promise<any> {
    const { body } = await eventually(
      () => ask(`${url}${statusUrl}`, { method: 'GET', apiKey }),
      (answer) => ['completed', 'failed', 'needs_review'].includes(answer.body.status),
      50_000,
    );
    expect(body).toMatchObject({ status: 'completed', outcome: 'applied' });
    return body;
  }

  /** Deposits a contract at opco-ep; gives the number of its dossier. */
  async deposited(running: Running, rank: number): Promise<string> {
    const { url, apiKey } = running;
    const { body } = await ask(`${url}/opco-ep/dossiers`, {
      ...{ method: 'POST', apiKey, body: { cerfa: exampleCerfa({ rank }) } },
    });
    return (await this.completed(running, body.statusUrl)).result.numeroInterne;
  }

  async stop(): Promise<void> {
    for (const { child, ended } of this.#started) {
      child.kill('SIGTERM');
      await ended;
    }
    await this.sandbox.stop();
    await this.services.drop();
    rmSync(this.services.stateDir, { recursive: true, force: true });
  }
}
