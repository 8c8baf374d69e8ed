import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const LOOPBACK = '127.0.0.1';

function bindable(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(bound));
    });
  });
}

/** True when nobody listens on this loopback port at this moment. */
export async function isFree(port: number): Promise<boolean> {
  return (await bindable(port)) !== undefined;
}

/** A free loopback port: the wanted one when it is free (bookmarks and open clients keep working), else any. */
export async function freePort(wanted?: number): Promise<number> {
  const port = (wanted === undefined ? undefined : await bindable(wanted)) ?? (await bindable(0));
  if (port === undefined) throw new Error('No free port on 127.0.0.1.');
  return port;
}

/** Resolves when all of these ports are free, or the time is up; who then listens meets the error that tells. */
export async function portsFree(ports: readonly number[], withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  for (const port of ports) {
    while (performance.now() < end && !(await isFree(port))) await pause(50);
  }
}

/** Sends one line to a loopback port and gives back the first bytes of the answer, '' when nobody answered within `timeoutMs`. */
export function ask(port: number, line: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    const finish = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish(''));
    socket.once('error', () => finish(''));
    socket.once('close', () => finish(''));
    socket.once('connect', () => socket.write(line));
    socket.once('data', (data: Buffer) => finish(data.toString('latin1')));
  });
}
