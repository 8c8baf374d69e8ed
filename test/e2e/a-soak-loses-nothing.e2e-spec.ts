import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The same storm every time; another one is a matter of `npm run soak -- --seed`. */
const seed = 'every-day';

describe('a storm over two processes of the built program', () => {
  let soak: ChildProcess;
  let printed = '';

  afterAll(async () => {
    if (soak.exitCode !== null) return;
    soak.kill('SIGTERM');
    await once(soak, 'exit');
  });

  it('loses nothing, sends nothing twice and says nothing false: every promise holds when it is calm again', async () => {
    const options = ['--minutes', '0.5', '--seed', seed, '--rate', '5', '--calm', '120'];
    soak = spawn(process.execPath, ['tools/soak.mjs', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [soak.stdout, soak.stderr]) stream?.on('data', (chunk) => (printed += String(chunk)));
    const [code] = await once(soak, 'exit');
    // The whole story, with the seed, is what a reader of a failure needs.
    if (code !== 0) throw new Error(`the soak ended with ${String(code)}:\n${printed}`);
    expect(printed).toContain(`Seed ${seed}`);
    expect(printed.match(/ (ok|VIOLATED)$/gm)).toEqual(Array.from({ length: 11 }, () => ' ok'));
    expect(printed).toMatch(/(kill -9 of a process|SIGTERM and restart|frozen process) +\d/);
    expect(printed).toMatch(/bad day at an OPCO +\d/);
    expect(Number(/accepted +(\d+)/.exec(printed.slice(printed.indexOf('Seed')))?.[1])).toBeGreaterThan(30);
  }, 400_000);
});
