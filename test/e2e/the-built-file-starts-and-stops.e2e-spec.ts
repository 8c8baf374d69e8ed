import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../../src/dev/ports.js';
import { runBuilt, type BuiltProcess } from '../support/built-file.js';
import { eventually } from '../support/product.js';

const ready = 'Opcovia est prêt';

describe('the built file', () => {
  mkdirSync('.opcovia', { recursive: true });
  const stateDir = mkdtempSync(resolve('.opcovia/e2e-'));
  // As root, PostgreSQL runs as another user and must be able to walk there.
  chmodSync(stateDir, 0o755);
  const variables = {
    OPCOVIA_STATE_DIR: stateDir,
    OPCOVIA_API_PORT: '0',
    OPCOVIA_STAFF_PORT: '0',
  };
  let sandboxPort: string | undefined;
  const started: BuiltProcess[] = [];
  const start = async (more: Record<string, string> = {}) => {
    sandboxPort ??= String(await freePort());
    const run = runBuilt('main.js', { ...variables, OPCOVIA_SANDBOX_PORT: sandboxPort, ...more });
    started.push(run);
    await run.until(ready);
    return run;
  };
  const apiOf = (run: BuiltProcess) => /API +: (http:\S+)/.exec(run.printed())?.[1] ?? '';
  const keeperRuns = (): boolean => {
    try {
      const { pid } = JSON.parse(readFileSync(join(stateDir, 'keeper.json'), 'utf8')) as { pid: number };
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  afterAll(async () => {
    for (const { child, ended } of started) {
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('prints three lines that work when pasted, and answers on its health doors', async () => {
    const run = await start();
    // What it logs meanwhile comes after what a human reads.
    await run.until('"this hub leads"');
    expect(run.printed().split('Ctrl-C arrête tout')[0]).not.toContain('{"level"');
    const lines = [...run.printed().matchAll(/^ {2}curl -s -H 'X-API-KEY: (\S+)'.* '(http:\S+)'$/gm)];
    expect(lines).toHaveLength(3);
    for (const [line, key = '', url = ''] of lines) {
      const [, body] = / -d '([^']+)'/.exec(line) ?? [];
      const headers = { 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) };
      const response = await fetch(url, { headers, ...(body && { method: 'POST', body }) });
      expect([url, response.status]).toEqual([url, body ? 202 : 200]);
    }
    const health = await fetch(`${apiOf(run)}/health`);
    expect(await health.text()).toBe('{"status":"ok"}');
    expect((await fetch(`${apiOf(run)}/health/ready`)).status).toBe(200);
    const [, staff] = /(http:\S+)\/metrics/.exec(run.printed()) ?? [];
    expect(await (await fetch(`${staff}/metrics`)).text()).toContain('opcovia_http_request_duration_seconds_count');
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    await eventually(
      async () => keeperRuns(),
      (runs) => !runs,
    );
  });

  it('starts again after kill -9 and still knows its jobs', async () => {
    const run = await start();
    const [, key = ''] = /démonstration : (\S+)/.exec(run.printed()) ?? [];
    run.child.kill('SIGKILL');
    await run.ended;
    const again = await start();
    const jobs = await fetch(`${apiOf(again)}/opco-ep/jobs`, { headers: { 'x-api-key': key } });
    expect(((await jobs.json()) as { data: unknown[] }).data.length).toBeGreaterThan(0);
    again.child.kill('SIGINT');
    expect(await again.ended).toBe(0);
  });

  it('refuses a bad configuration with every name and no value', async () => {
    const run = runBuilt('main.js', {
      NODE_ENV: 'production',
      OPCOVIA_API_PORT: 'not-a-port',
      OPCOVIA_KEYRING: 'k1:deadbeef',
      DATABASE_URL: '',
    });
    expect(await run.ended).toBe(1);
    for (const name of ['OPCOVIA_API_PORT', 'OPCOVIA_KEYRING', 'DATABASE_URL', 'REDIS_URL'])
      expect(run.printed()).toContain(name);
    for (const value of ['not-a-port', 'deadbeef']) expect(run.printed()).not.toContain(value);
  });
});
