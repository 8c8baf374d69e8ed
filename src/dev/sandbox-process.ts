import type { ReadyChild } from './embedded-postgres.js';
import { launch, untilReady } from './launched-child.js';
import { isFree } from './ports.js';

/** What the launcher of the sandbox needs. */
export interface SandboxOrder {
  readonly stateDir: string;
  readonly port: number;
  /** The built `main.sandbox.js`. */
  readonly sandboxFile: string;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

const READY_TIMEOUT_MS = 30_000;
const HEALTH_TIMEOUT_MS = 1_000;

async function healthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/_sandbox/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })).ok;
  } catch {
    return false;
  }
}

function environment(port: number): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => name.startsWith('OPCOVIA_SANDBOX_') || ['PATH', 'TZ', 'NODE_ENV'].includes(name),
  );
  return { ...Object.fromEntries(kept), OPCOVIA_SANDBOX_PORT: String(port) };
}

/** Starts the sandbox on exactly the given port (its URL is in people's notes) and waits until it is healthy. */
export async function startSandbox(order: SandboxOrder): Promise<ReadyChild> {
  order.onProgress('Bac à sable : démarrage');
  if (!(await isFree(order.port))) {
    throw new Error(
      `Le port ${order.port} du bac à sable est occupé par un autre programme : choisissez-en un libre avec OPCOVIA_SANDBOX_PORT.`,
    );
  }
  const child = await launch({
    name: 'sandbox',
    stateDir: order.stateDir,
    command: process.execPath,
    args: [order.sandboxFile],
    env: environment(order.port),
  });
  const url = `http://127.0.0.1:${order.port}`;
  await untilReady(child, () => healthy(url), { timeoutMs: READY_TIMEOUT_MS, signal: order.signal });
  return { child, url };
}
