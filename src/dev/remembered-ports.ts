import { join } from 'node:path';
import { freePort, isFree } from './ports.js';
import { readRecord, writePrivate } from './state-files.js';

function pathIn(stateDir: string): string {
  return join(stateDir, 'ports.json');
}

function rememberedPort(stateDir: string, name: string): number | undefined {
  const port = readRecord(pathIn(stateDir))?.[name];
  return typeof port === 'number' && port > 0 && port < 65_536 ? port : undefined;
}

/** The port of last time when it is free, else any. A child that is started again must keep its port, since its users know the URL: then `required` or an error. */
export async function choosePort(stateDir: string, name: string, required?: number): Promise<number> {
  if (required === undefined) return freePort(rememberedPort(stateDir, name));
  if (await isFree(required)) return required;
  throw new Error(`port ${required} of ${name} is taken`);
}

/** Notes the port of a child; only the keeper, which holds the lock, writes here. */
export function rememberPort(stateDir: string, name: string, port: number): void {
  writePrivate(pathIn(stateDir), JSON.stringify({ ...readRecord(pathIn(stateDir)), [name]: port }));
}
