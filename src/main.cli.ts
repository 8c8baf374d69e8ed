import 'reflect-metadata';
import type { Workplace } from './cli/command.js';
import { type Desk, openDesk } from './cli/desk.js';
import { runCommandLine } from './cli/run-command-line.js';
import { standardTerminal } from './cli/standard-terminal.js';
import { completeEnvironment } from './dev/local-environment.js';
import { localStaffSigner } from './dev/local-staff-key.js';
import type { EmbeddedServices } from './dev/embedded-services.js';
import type { Env } from './platform/config/env.js';
import { readEnv } from './platform/config/read-env.js';
import { migrate } from './platform/database/migrate.js';

let services: EmbeddedServices | undefined;
let opened: Desk | undefined;

/** The configuration of the product; without a DATABASE_URL, outside production, the services of this machine. */
async function configuration(): Promise<Env> {
  const onProgress = (text: string) => console.error(`  ${text}`);
  const local = await completeEnvironment(process.env, { needRedis: false, sandbox: false, onProgress });
  services = local.services;
  return readEnv(local.variables, (text) => console.error(`  attention : ${text}`));
}

let read: Promise<Env> | undefined;
const env = () => (read ??= configuration());

/** Once: a second Ctrl-C ends a process that does not end by itself. */
function stopped(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

const work: Workplace = {
  terminal: standardTerminal(process.stdin, process.stdout),
  databaseUrl: async () => (await env()).DATABASE_URL ?? '',
  desk: async () => {
    if (opened) return opened;
    const settings = await env();
    // A local database may be a minute old; elsewhere the operator decides when the schema changes.
    if (settings.NODE_ENV !== 'production' && settings.DATABASE_URL) await migrate(settings.DATABASE_URL);
    return (opened = await openDesk(settings));
  },
  apiKey: () => process.env['OPCOVIA_API_KEY'],
  staffKey: () => localStaffSigner(process.env),
  stopped,
};

try {
  process.exitCode = await runCommandLine(process.argv.slice(2), work);
} finally {
  await opened?.close();
  await services?.release();
}
