import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inChromium } from './chromium.mjs';
import { freePort, launch, printed, stop } from './running-product.mjs';

// Uses the sandbox's page in a real browser as its reader does: arms a fault, sees it, moves the clock, takes the fault away.

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Evaluated in the page; gives what it showed. */
const use = `(async () => {
  const until = async (look) => {
    for (let tries = 0; tries < 200; tries++) {
      const found = look();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('not found in the page: ' + look + ' ' + document.getElementById('message')?.textContent);
  };
  const byId = (id) => document.getElementById(id);
  await until(() => document.body?.dataset.live && byId('opcos').rows.length === 11);
  byId('fault-opco').value = 'akto';
  byId('fault-word').value = 'commit+rst';
  byId('fault-times').value = '2';
  byId('add').requestSubmit();
  const fault = await until(() => byId('faults').rows[0]);
  const armed = [...fault.cells].map((cell) => cell.textContent).join('|');
  const before = byId('clock').textContent.slice(0, 10);
  document.querySelector('[data-advance="86400"]').click();
  await until(() => byId('clock').textContent.slice(0, 10) > before);
  fault.querySelector('button').click();
  await until(() => byId('faults').rows.length === 0);
  byId('check').click();
  await until(() => /aucun double/.test(byId('message').textContent));
  return armed;
})()`;

/** Starts a sandbox of its own, and gives what its page showed of the fault that was armed there. */
export async function useSandboxPage() {
  const port = await freePort();
  const program = launch(process.execPath, ['dist/src/main.sandbox.js'], {
    cwd: root,
    env: { OPCOVIA_SANDBOX_PORT: String(port), NODE_ENV: 'development' },
  });
  try {
    await printed(program, /listening/, 20_000);
    return await inChromium(`http://127.0.0.1:${port}/_sandbox/`, use);
  } finally {
    await stop(program, 'SIGTERM', 5_000);
  }
}
