import 'reflect-metadata';
import { welcome } from './dev/banner.js';
import { demoKey, ensureDemoTenant } from './dev/demo-tenant.js';
import { HeldLines } from './dev/held-lines.js';
import { completeEnvironment } from './dev/local-environment.js';
import { portsFree } from './dev/ports.js';
import { onOrphaned, underWatch } from './dev/under-watch.js';
import { ConfigurationError, readEnv } from './platform/config/read-env.js';
import { migrate } from './platform/database/migrate.js';
import { lastWords, standardOutput } from './platform/logging/log.js';
import { BusyPortError, startOpcovia } from './app.start.js';

const begun = performance.now();
const inProduction = process.env['NODE_ENV'] === 'production';

// Before anything else can fail: Node itself would print the message of what was thrown, and every value in it.
process.on('uncaughtException', (thrown) => {
  process.stderr.write(lastWords(thrown));
  process.exit(1);
});
// Node's own answer to this signal is an inspector, which shows all memory to whoever reaches its port.
if (inProduction) process.on('SIGUSR1', () => undefined);

const say = (text: string) => console.log(`  ${text}`);

async function start(): Promise<() => Promise<void>> {
  const watched = underWatch();
  const { variables, services } = await completeEnvironment(process.env, {
    needRedis: true,
    sandbox: true,
    lingerSeconds: watched ? 10 : 0,
    onProgress: say,
  });
  const lines = new HeldLines(standardOutput());
  // In production nobody reads along, and no line may wait.
  if (inProduction) lines.release();
  try {
    const env = readEnv(variables, (text) => console.warn(`  attention : ${text}`));
    if (env.NODE_ENV !== 'production' && env.DATABASE_URL) {
      const done = await migrate(env.DATABASE_URL);
      if (done.length > 0) say(`schéma mis à jour (${done.length} migrations)`);
    }
    const sandboxUrl = env.NODE_ENV === 'production' ? undefined : env.OPCOVIA_SANDBOX_URL;
    const apiKey = sandboxUrl ? demoKey(env.OPCOVIA_STATE_DIR) : undefined;
    // The process that we replace may still be finishing its requests.
    if (watched) await portsFree([env.OPCOVIA_API_PORT, env.OPCOVIA_STAFF_PORT], env.OPCOVIA_DRAIN_SECONDS * 1000);
    const running = await startOpcovia(env, { logTo: lines, ...(apiKey && { demoKey: apiKey }) });
    const demo =
      sandboxUrl && apiKey ? await ensureDemoTenant(running.api, { apiKey, sandboxUrl, dossiers: 12 }) : undefined;
    if (services?.degraded) {
      say('attention : Redis de dernier recours, lent et en mémoire ; installez redis-server ou donnez REDIS_URL');
    }
    const allowedNetworks = env.OPCOVIA_WEBHOOK_ALLOWED_NETWORKS;
    const seconds = (performance.now() - begun) / 1000;
    console.log(welcome({ running, demo, sandboxUrl, allowedNetworks, seconds }));
    lines.release();
    return async () => {
      const late = setTimeout(() => process.exit(1), env.OPCOVIA_DRAIN_SECONDS * 1000);
      await running.stop();
      await services?.release();
      clearTimeout(late);
    };
  } catch (error) {
    lines.release();
    await services?.release();
    throw error;
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof BusyPortError) return error.message;
  if (inProduction) return lastWords(error).trimEnd();
  return error instanceof Error
    ? `Opcovia n'a pas pu démarrer : ${error.stack ?? error.message}`
    : 'Opcovia n’a pas pu démarrer.';
}

let stopping = false;
let started = false;
const starting = start().finally(() => (started = true));

function stop(): void {
  if (stopping) process.exit(1);
  stopping = true;
  // A start that waits for a service that is not there has nothing to finish.
  if (!started) setTimeout(() => process.exit(1), 3000).unref();
  void starting
    .then((finish) => finish())
    .then(
      () => process.exit(0),
      () => process.exit(1),
    );
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
if (underWatch()) onOrphaned(stop);
starting.catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
