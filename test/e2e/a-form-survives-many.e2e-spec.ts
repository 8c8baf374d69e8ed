import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { exampleDocument } from '../../src/core/contract/document.js';
import { formOf, jsonOf, sendForm } from '../support/a-form.js';
import { OwnProduct } from '../support/own-product.js';

const mebibyte = 1024 * 1024;
/** What eight files of 10 MiB, their base64 or their JSON would come to is more. */
const mostGrowth = 150 * mebibyte;
const path = '/opco-ep/documents';

/** Asks again and again in a thread of its own, since this one plays the OPCO too; tells the slowest answer, in milliseconds. */
const asker = `const { parentPort, workerData } = require('node:worker_threads');
  let enough = false;
  parentPort.once('message', () => (enough = true));
  (async () => {
    let slowest = 0;
    while (!enough) {
      const begun = performance.now();
      const { status } = await fetch(workerData);
      slowest = Math.max(slowest, status === 200 ? performance.now() - begun : Infinity);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    parentPort.postMessage(slowest);
  })();`;

/** Resident memory of a process, in bytes. */
function residentBytes(pid: number | undefined): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kilobytes) * 1024;
}

describe('forms of 10 MiB at a built process', () => {
  let own: OwnProduct;
  let running: Awaited<ReturnType<OwnProduct['start']>>;
  let fields: string;
  let idle: number;
  let most = 0;
  let over = false;

  beforeAll(async () => {
    own = await OwnProduct.of('many');
    running = await own.start();
    idle = residentBytes(running.process.child.pid);
    const { _files, ...rest } = exampleDocument(await own.deposited(running, 0));
    expect(Object.keys(_files)).toHaveLength(1);
    fields = JSON.stringify(rest);
  });
  afterAll(() => own.stop());

  const send = async (rank: number): Promise<number> => {
    const content = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(10 * mebibyte - 9)]);
    const body = { name: 'body', content: fields };
    const form = formOf([body, { name: `${rank}.pdf`, filename: 'a.pdf', content }]);
    const answer = await sendForm(running.url, { path, key: running.apiKey, form });
    if (answer.status === 202) await own.completed(running, jsonOf(answer).statusUrl);
    return answer.status;
  };
  const watch = async () => {
    while (!over) {
      most = Math.max(most, residentBytes(running.process.child.pid));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('eight at a time and thirty in a row neither fill its memory nor keep it from answering', async () => {
    const watching = watch();
    const asking = new Worker(asker, { eval: true, workerData: `${running.url}/health` });
    const told = once(asking, 'message');
    try {
      expect(await Promise.all(Array.from({ length: 8 }, (_, n) => send(10 + n)))).toEqual(Array(8).fill(202));
      for (let n = 0; n < 30; n++) expect(await send(100 + n)).toBe(202);
    } finally {
      over = true;
      asking.postMessage('enough');
      await watching;
    }
    const [slowest] = (await told) as [number];
    process.stdout.write(
      `forms of 10 MiB: ${Math.round(idle / mebibyte)} MiB before, at most ${Math.round(most / mebibyte)}; slowest /health ${Math.round(slowest)} ms\n`,
    );
    expect(idle).toBeGreaterThan(0);
    expect(most - idle).toBeLessThan(mostGrowth);
    expect(slowest).toBeLessThan(1000);
  });
});
