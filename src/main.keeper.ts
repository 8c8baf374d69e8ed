import { fileURLToPath } from 'node:url';
import { runKeeper } from './dev/keeper.js';

// Arguments: `keep <stateDir> <projectRoot>`, or `last-resort-redis <port>` for the child that plays Redis.
const [task, first = '', second = ''] = process.argv.slice(2);

if (task === 'last-resort-redis') {
  // Loaded here alone: a keeper with a real Redis does without 30 MB of JavaScript and WASM.
  const { serveLastResortRedis } = await import('./dev/last-resort-redis.js');
  await serveLastResortRedis(Number(first));
} else await runKeeper({ stateDir: first, projectRoot: second, keeperFile: fileURLToPath(import.meta.url) });
