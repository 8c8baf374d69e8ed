import { checkFile } from './sandbox/check-file.js';
import { greeting } from './sandbox/greeting.js';
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

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function check(words: readonly string[]): Promise<void> {
  try {
    const report = await checkFile(words);
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    process.exitCode = report.ok ? 0 : 2;
  } catch (error) {
    stopWith(messageOf(error));
  }
}

async function run(): Promise<void> {
  const port = numberFrom('OPCOVIA_SANDBOX_PORT', 4010, 65_535);
  const speed = numberFrom('OPCOVIA_SANDBOX_SPEED', 1, 10_000_000);
  const seed = process.env['OPCOVIA_SANDBOX_SEED'] || 'opcovia';
  const ledgerFile = process.env['OPCOVIA_SANDBOX_LEDGER'];
  const control = process.env['OPCOVIA_SANDBOX_CONTROL'] || 'loopback';
  if (control !== 'loopback' && control !== 'anybody') stopWith('OPCOVIA_SANDBOX_CONTROL must be loopback or anybody');
  const kept = ledgerFile ? { ledgerFile } : {};
  try {
    const sandbox = await startSandbox({
      port,
      host: process.env['OPCOVIA_SANDBOX_HOST'] || '127.0.0.1',
      seed,
      speed,
      door: control,
      enable: (process.env['OPCOVIA_SANDBOX_ENABLE'] ?? '').split(/[\s,]+/).filter((word) => word !== ''),
      ...kept,
    });
    process.stdout.write(greeting({ url: sandbox.url, seed, speed, ...kept }));
    const end = () => void sandbox.stop().then(() => process.exit(0));
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    stopWith(
      taken
        ? `Port ${port} is already in use: stop what listens there or set OPCOVIA_SANDBOX_PORT`
        : `The sandbox could not start: ${messageOf(error)}`,
    );
  }
}

const [command, ...words] = process.argv.slice(2);
if (command === 'check') await check(words);
else if (process.env['NODE_ENV'] === 'production')
  stopWith('The sandbox plays OPCOs with public keys: it does not run with NODE_ENV=production');
else await run();
