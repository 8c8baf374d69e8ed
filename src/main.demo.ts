import 'reflect-metadata';
import { WebhookReceiver } from './dev/demo/receiver.js';
import { tellStory } from './dev/demo/story.js';
import { ensureDemoTenant } from './dev/demo-tenant.js';
import { completeEnvironment } from './dev/local-environment.js';
import { freePort } from './dev/ports.js';
import { readEnv } from './platform/config/read-env.js';
import { migrate } from './platform/database/migrate.js';
import { startOpcovia } from './app.start.js';
import { makeApiKey } from './tenancy/api-key.js';

/** The demo keeps its services apart from those of `npm start`, so that both may run at once. */
const apart = {
  NODE_ENV: 'development',
  OPCOVIA_STATE_DIR: '.opcovia/demo',
  OPCOVIA_SANDBOX_PORT: String(await freePort(4011)),
  OPCOVIA_API_PORT: '0',
  OPCOVIA_STAFF_PORT: '0',
  OPCOVIA_LOG_LEVEL: 'error',
  OPCOVIA_POLL_INTERVAL_SECONDS: '0.5',
  // The watch keeps within a share of what the OPCO bears: enough for a list each moment, so that the story is short.
  OPCOVIA_UPSTREAM_LIMITS: '{"akto":{"callsPerSecond":50,"burst":50}}',
  OPCOVIA_TICK_MS: '100',
};

const say = (text: string) => console.log(text);
const receiver = new WebhookReceiver();
const port = await receiver.listen();
const { variables, services } = await completeEnvironment(
  { ...apart, OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}` },
  { needRedis: true, sandbox: true, onProgress: (text) => say(`… ${text}`) },
);
try {
  const env = readEnv(variables);
  const sandboxUrl = env.OPCOVIA_SANDBOX_URL ?? '';
  await migrate(env.DATABASE_URL ?? '');
  // A new CFA for each telling: what an earlier one left is not its story.
  const apiKey = makeApiKey('test');
  const running = await startOpcovia(env, { demoKey: apiKey });
  try {
    await ensureDemoTenant(running.api, { apiKey, sandboxUrl, dossiers: 0 });
    say(`Opcovia : ${running.apiUrl}, bac à sable : ${sandboxUrl}\n`);
    const receiverUrl = `http://127.0.0.1:${port}/opcovia`;
    await tellStory({ apiUrl: running.apiUrl ?? '', sandboxUrl, apiKey, receiver, receiverUrl, say });
  } finally {
    // Told: nobody watches over this CFA's dossiers any more, so that the next telling has the OPCO to itself.
    await fetch(`${running.apiUrl}/akto/polling`, {
      method: 'PUT',
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'paused' }),
    }).catch(() => undefined);
    await running.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  receiver.close();
  await services?.release();
}
