import { createHash, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { exampleDocument } from '../../src/core/contract/document.js';
import { formHead, formOf, jsonOf, kept, sendForm } from '../support/a-form.js';
import { OwnProduct, type Running } from '../support/own-product.js';
import { ask, control, eventually } from '../support/product.js';
import { open, readToEnd } from '../support/raw-http.js';

const path = '/opco-ep/documents';
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('a form at a process that is killed', () => {
  let own: OwnProduct;
  let running: Running;
  let fields: string;

  beforeAll(async () => {
    own = await OwnProduct.of('killed-form', {
      OPCOVIA_ATTEMPT_LOST_SECONDS: '2',
      OPCOVIA_FILES_HELD_KIB: '0',
      OPCOVIA_RELAY_INTERVAL_SECONDS: '1',
    });
    running = await own.start();
    const { _files, ...rest } = exampleDocument(await own.deposited(running, 0));
    expect(Object.keys(_files)).toHaveLength(1);
    fields = JSON.stringify(rest);
  });
  afterAll(() => own.stop());

  const formWith = (file: Buffer) =>
    formOf([
      { name: 'body', content: fields },
      { name: 'a.pdf', filename: 'a.pdf', content: file },
    ]);
  const aPdf = () => Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(3_000_000)]);
  const kill = async () => {
    running.process.child.kill('SIGKILL');
    await running.process.ended;
  };
  const rows = () => kept(own.services);
  const arrived = () =>
    own.sandbox.world.ledger
      .read({ opcoId: 'opco-ep', committed: true })
      .flatMap(({ committed }) => committed?.fichier ?? []);

  it('in its middle is no job; what had come is purged when it is old, and the same form may be sent again', async () => {
    const before = await rows();
    const file = aPdf();
    const form = formWith(file);
    const extra = 'Idempotency-Key: half\r\n';
    const socket = open(running.url);
    const answer = readToEnd(socket);
    socket.write(formHead(path, running.apiKey, `${extra}Content-Length: ${form.length}`));
    socket.write(form.subarray(0, form.length * 0.6));
    await eventually(rows, (now) => (now?.pieces ?? 0) > 3);
    await kill();
    expect((await answer).status).toBe(0);
    expect(await rows()).toMatchObject({ ...before, files: 1, pieces: expect.any(Number) });

    running = await own.start();
    const owner = new Client({ connectionString: own.services.databaseUrl });
    await owner.connect();
    await owner.query("UPDATE deposit_files SET created_at = now() - interval '61 minutes'").finally(() => owner.end());
    await eventually(rows, (now) => now?.files === 0);
    expect(await rows()).toEqual(before);

    const again = await sendForm(running.url, { path, key: running.apiKey, form, extra });
    expect(again.status).toBe(202);
    await own.completed(running, jsonOf(again).statusUrl);
    expect(arrived()).toEqual([sha256(file)]);
  });

  it.each(['keeps what it holds', 'loses all'])(
    'behind its 202 is completed once and whole, while Redis %s',
    async (redisDoes) => {
      await kill();
      const atTheDoor = { opcoId: 'opco-ep', path: '/oauth/token', method: 'POST' };
      await control(own.sandbox, '/_sandbox/faults', [{ ...atTheDoor, kind: 'hold', ms: 60_000 }]);
      running = await own.start();
      const before = arrived();
      const file = aPdf();
      const ticket = await sendForm(running.url, { path, key: running.apiKey, form: formWith(file) });
      expect(ticket.status).toBe(202);
      const { statusUrl, jobId } = jsonOf(ticket);
      // What Redis is to lose must have come there first.
      if (redisDoes === 'loses all')
        await eventually(
          () => ask(`${running.url}${statusUrl}`, { method: 'GET', apiKey: running.apiKey }),
          ({ body }) => body.status === 'processing',
        );
      await kill();
      expect(arrived()).toEqual(before);

      if (redisDoes === 'loses all') {
        const redis = new Redis(own.services.redisUrl);
        expect(await redis.dbsize()).toBeGreaterThan(0);
        // Other tests have databases of their own in this Redis.
        await redis.flushdb();
        await redis.quit();
      }
      await ask(`${own.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
      running = await own.start();
      await own.completed(running, statusUrl);
      expect(arrived()).toEqual([...before, sha256(file)]);
      const again = await sendForm(running.url, { path, key: running.apiKey, form: formWith(file) });
      expect([again.status, jsonOf(again)]).toMatchObject([200, { jobId, status: 'duplicate' }]);
      expect(arrived()).toHaveLength(before.length + 1);
    },
  );
});
