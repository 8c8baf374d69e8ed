import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici';

// Does in a real browser what an integrator does first: opens /docs, opens a read, presses Execute, reads the answer.

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
];

/** Evaluated in the page: presses Execute of GET /{opcoId}/status and gives the status of the answer. */
const press = `(async () => {
  const until = async (look) => {
    for (let tries = 0; tries < 200; tries++) {
      const found = look();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('not found in the page: ' + look);
  };
  const row = () => document.querySelector('[id$="status_status"]');
  const within = (selector) => row()?.querySelector(selector);
  await until(() => within('[aria-expanded="true"]') ?? (within('.opblock-summary-control')?.click(), undefined));
  (await until(() => within('button.execute'))).click();
  return (await until(() => within('.live-responses-table tbody .response-col_status'))).textContent.trim();
})()`;

/** Starts Chromium on the page and gives the HTTP status that Swagger UI shows after Execute; '' when it never came. */
export async function tryItOut(url) {
  const profile = mkdtempSync(join(tmpdir(), 'opcovia-chromium-'));
  const chromium = spawn('chromium', [...flags, `--user-data-dir=${profile}`, `${url}/docs`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => chromium.once('exit', resolve));
  try {
    const port = await devtoolsPort(chromium);
    const pages = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
    return await evaluate(pages.find(({ type }) => type === 'page').webSocketDebuggerUrl);
  } finally {
    chromium.kill('SIGKILL');
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function devtoolsPort(chromium) {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error('Chromium did not start')), 20_000);
    chromium.stderr.on('data', (chunk) => {
      said += chunk;
      const [, port] = /ws:\/\/127\.0\.0\.1:(\d+)\//.exec(said) ?? [];
      if (!port) return;
      clearTimeout(late);
      resolve(port);
    });
  });
}

/** Runs `press` in the page; a page that is still loading ends the first tries, and is asked again. */
function evaluate(address) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    const params = { expression: press, awaitPromise: true, returnByValue: true };
    const ask = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
    const late = setTimeout(() => reject(new Error('the page did not answer')), 40_000);
    socket.addEventListener('open', ask);
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(data);
      if (id !== 1) return;
      if (!result) return void setTimeout(ask, 300);
      clearTimeout(late);
      socket.close();
      if (result.exceptionDetails) reject(new Error(result.exceptionDetails.exception.description));
      else resolve(result.result.value);
    });
  });
}
