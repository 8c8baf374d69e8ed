import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { runBuilt, type BuiltProcess } from '../support/built-file.js';
import { ask, control, eventually } from '../support/product.js';
import { emptyRedis } from '../support/test-redis.js';
import { createMigratedDatabase } from '../support/test-database.js';

describe('a process that is killed while an OPCO holds its answer', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'opcovia-killed-'));
  let sandbox: Sandbox;
  let database: { url: string; drop(): Promise<void> };
  let redisUrl: string;
  let running: BuiltProcess;

  /** The built file on the given services: nothing is embedded, so nothing else has to be stopped. */
  const start = async () => {
    running = runBuilt('main.js', {
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl,
      OPCOVIA_SANDBOX_URL: sandbox.url,
      OPCOVIA_STATE_DIR: stateDir,
      OPCOVIA_API_PORT: '0',
      OPCOVIA_STAFF_PORT: '0',
      OPCOVIA_ATTEMPT_LOST_SECONDS: '2',
      OPCOVIA_QUIET_PERIOD_MS: '200',
      OPCOVIA_RELAY_INTERVAL_SECONDS: '1',
    });
    await running.until('Opcovia est prêt');
    const [, url = ''] = /API +: (http:\S+)/.exec(running.printed()) ?? [];
    const [, apiKey = ''] = /démonstration : (\S+)/.exec(running.printed()) ?? [];
    return { url, apiKey };
  };

  beforeAll(async () => {
    redisUrl = await emptyRedis('built-file');
    [database, sandbox] = await Promise.all([
      createMigratedDatabase(),
      startSandbox({ port: 0, seed: 'killed', speed: 0 }),
    ]);
  });

  afterAll(async () => {
    running.child.kill('SIGTERM');
    await running.ended;
    await sandbox.stop();
    await database.drop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('leaves one effect at the OPCO, which the next process finds there', async () => {
    const first = await start();
    await control(sandbox, '/_sandbox/faults', [
      { opcoId: 'akto', path: '/v2/dossiers', method: 'POST', kind: 'hold', ms: 60_000, times: 1 },
    ]);
    const deposit = { method: 'POST', apiKey: first.apiKey, body: { cerfa: exampleCerfa({ rank: 5 }) } };
    const ticket = await ask(`${first.url}/akto/dossiers`, { ...deposit, headers: { 'idempotency-key': 'kill-1' } });
    expect(ticket.status).toBe(202);
    const effects = () => sandbox.world.ledger.read({ opcoId: 'akto', committed: true });
    await eventually(
      async () => effects().length,
      (n) => n === 1,
    );
    running.child.kill('SIGKILL');
    await running.ended;

    const { url, apiKey } = await start();
    const job = await eventually(
      () => ask(`${url}${ticket.body.statusUrl}`, { method: 'GET', apiKey }),
      ({ body }) => body.status === 'completed',
    );
    expect(job.body).toMatchObject({ outcome: 'applied', attempts: 1, result: { reconciled: true } });
    const again = await ask(`${url}/akto/dossiers`, { ...deposit, apiKey, headers: { 'idempotency-key': 'kill-1' } });
    expect([again.status, again.body.jobId]).toEqual([200, ticket.body.jobId]);
    expect(effects()).toHaveLength(1);
  });
});
