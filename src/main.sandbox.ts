import { startSandbox } from './sandbox/sandbox.js';

/** A variable as a number within bounds; a bad one ends the start with its name, never its value. */
function numberFrom(name: string, fallback: number, highest: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || value > highest)
    stopWith(`${name} must be a number from 0 to ${highest}`);
  return value;
}

function stopWith(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

if (process.env['NODE_ENV'] === 'production')
  stopWith('The sandbox plays OPCOs with public keys: it does not run with NODE_ENV=production');

const port = numberFrom('OPCOVIA_SANDBOX_PORT', 4010, 65_535);
const ledgerFile = process.env['OPCOVIA_SANDBOX_LEDGER'];

try {
  const sandbox = await startSandbox({
    port,
    host: process.env['OPCOVIA_SANDBOX_HOST'] || '127.0.0.1',
    seed: process.env['OPCOVIA_SANDBOX_SEED'] || 'opcovia',
    speed: numberFrom('OPCOVIA_SANDBOX_SPEED', 1, 10_000_000),
    ...(ledgerFile && { ledgerFile }),
  });
  process.stdout.write(`sandbox listening on ${sandbox.url}\n`);
  const end = () => void sandbox.stop().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
} catch (error) {
  const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  stopWith(
    taken
      ? `Port ${port} is already in use: stop what listens there or set OPCOVIA_SANDBOX_PORT`
      : `The sandbox could not start: ${String(error)}`,
  );
}
