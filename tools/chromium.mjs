import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici';

// Opens a page in Chromium and runs a script there, through the DevTools protocol.

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

/** Starts Chromium on the page, evaluates an expression there and gives its value. */
export async function inChromium(url, expression) {
  const profile = mkdtempSync(join(tmpdir(), 'opcovia-chromium-'));
  const chromium = spawn('chromium', [...flags, `--user-data-dir=${profile}`, url], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => chromium.once('exit', resolve));
  try {
    const port = await devtoolsPort(chromium);
    const pages = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
    return await evaluate(pages.find(({ type }) => type === 'page').webSocketDebuggerUrl, expression);
  } finally {
    chromium.kill('SIGKILL');
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
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

/** Runs the expression in the page; a page that is still loading ends the first tries, and is asked again. */
function evaluate(address, expression) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    const params = { expression, awaitPromise: true, returnByValue: true };
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
