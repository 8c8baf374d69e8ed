import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, launch, printed, processesMarked, stop } from '../../tools/running-product.mjs';
import { pinned } from '../lib/pinned.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** Starts one of the bare servers of this folder and answers when it listens. */
export async function startBare(name, file) {
  const port = await freePort();
  const mark = `OPCOVIA_BENCH_PORT=${port}`;
  const [command, ...args] = pinned('server', [process.execPath, join(here, file)]);
  const env = { PORT: String(port), OPCOVIA_BENCH_PORT: String(port), NODE_ENV: 'production' };
  const program = launch(command, args, { cwd: here, env });
  await printed(program, /ready/, 20_000);
  return {
    name,
    port,
    url: `http://127.0.0.1:${port}`,
    headers: {},
    mainPid: program.child.pid,
    processes: () => processesMarked(mark),
    stop: () => stop(program, 'SIGTERM', 5_000),
  };
}
