import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, launch, printed, processesMarked, stop } from '../../tools/running-product.mjs';
import { pinned } from '../lib/pinned.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

const opcos = ['akto', 'opco-ep', 'afdas'];
/** Neither the OPCO's quota, nor our belief in one, nor the CFA's own limit may be what is measured. */
const unbounded = JSON.stringify(Object.fromEntries(opcos.map((id) => [id, { callsPerSecond: 1e6, burst: 1e6 }])));

async function liftQuotas(sandboxUrl) {
  for (const opcoId of opcos) {
    const body = JSON.stringify({ opcoId, limit: 1e6 });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${sandboxUrl}/_sandbox/quotas`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`the sandbox keeps its quota: ${await response.text()}`);
  }
}

/**
 * Starts the built program as `npm start` does, on a state folder of its own with embedded services, and answers when
 * it says that it is ready. `env` is added to its environment.
 */
export async function startProduct(env) {
  const state = mkdtempSync(join(tmpdir(), 'opcovia-bench-'));
  // As root, PostgreSQL runs as another user and must be able to walk there, or its data would be kept elsewhere and stay behind.
  chmodSync(state, 0o755);
  const [api, staff, sandbox] = [await freePort(), await freePort(), await freePort()];
  const settings = {
    OPCOVIA_STATE_DIR: state,
    OPCOVIA_API_PORT: String(api),
    OPCOVIA_STAFF_PORT: String(staff),
    OPCOVIA_SANDBOX_PORT: String(sandbox),
    OPCOVIA_UPSTREAM_LIMITS: unbounded,
    OPCOVIA_TENANT_REQUESTS_PER_MINUTE: '10000000',
    OPCOVIA_KEY_REQUESTS_PER_MINUTE: '10000000',
    ...env,
  };
  const [command, ...args] = pinned('server', [process.execPath, join(root, 'dist/src/main.js')]);
  const program = launch(command, args, { cwd: root, env: settings });
  const halt = async () => {
    const ended = await stop(program, 'SIGTERM', 40_000);
    if (!ended) await stop(program, 'SIGKILL', 5_000);
    rmSync(state, { recursive: true, force: true });
  };
  try {
    await printed(program, /Opcovia est prêt/, 180_000);
    const [, key] = await printed(program, /Clé de démonstration : (\S+)/, 10_000);
    await liftQuotas(`http://127.0.0.1:${sandbox}`);
    return {
      name: 'opcovia',
      url: `http://127.0.0.1:${api}`,
      staffUrl: `http://127.0.0.1:${staff}`,
      headers: { 'x-api-key': key },
      mainPid: program.child.pid,
      processes: () => processesMarked(state),
      stop: halt,
    };
  } catch (error) {
    await halt();
    throw error;
  }
}
