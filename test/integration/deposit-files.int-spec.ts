import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import pg from 'pg';
import type { DepositFile } from '../../src/core/deposit-file.js';
import { FileStore } from '../../src/queue/file-store.js';
import type { StagedFiles } from '../../src/queue/staging.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts } from '../support/a-scripted-opco.js';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const whole = async (file: DepositFile | undefined) => {
  const chunks: Buffer[] = [];
  for await (const chunk of file?.open() ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const pdf = (bytes: number) => Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(bytes)]);

describe('the files of deposits', () => {
  let queue: TestQueue;
  const tenant = aTenant();
  const deposit = (staged: StagedFiles, rank: number) => queue.accept.accept(aDeposit(tenant, { staged }, rank));
  const stage = async (...contents: Buffer[]) => {
    const staging = queue.files.stage(tenant.hash);
    for (const [index, content] of contents.entries())
      await staging.add(`f${index}.pdf`, Readable.from([content.subarray(0, 7), content.subarray(7)]));
    return staging;
  };
  const rows = (sql: string, values: unknown[] = []) =>
    queue.db.database.asSystem((system) => system.query<Record<string, unknown>>(sql, values));

  beforeAll(async () => {
    queue = await aQueue();
    queue.opco.acts = [accepts()];
  });
  afterAll(() => queue.close());

  it.each([0, 1, 262_135, 262_136, 700_000])('of %i bytes and a head come to the OPCO byte for byte', async (bytes) => {
    const content = pdf(bytes);
    const staging = await stage(content, pdf(10));
    const { jobId } = await deposit(staging.staged(), bytes + 1);
    const work = queue.work();
    work.start();
    const call = await until(async () => queue.opco.calls.find(({ files }) => files?.[0]?.size === content.length));
    expect(call.files).toMatchObject([
      { name: 'f0.pdf', size: content.length, sha256: sha256(content), mediaType: 'application/pdf' },
      { name: 'f1.pdf' },
    ]);
    expect(sha256(await whole(call.files?.[0]))).toBe(sha256(content));
    await until(async () => (await queue.jobs.view(tenant.hash, 'opco-ep', jobId)).status === 'completed');
    await work.stop();
  });

  it('lie sealed: neither their bytes nor their names stand in a row', async () => {
    const canary = Buffer.from('%PDF-CANARY-canary-canary');
    const staging = queue.files.stage(tenant.hash);
    await staging.add('Bulletin de Zoé Canari.pdf', Readable.from([canary]));
    await deposit(staging.staged(), 9001);
    const dump = JSON.stringify([
      await rows("SELECT encode(sealed, 'escape') AS text FROM deposit_file_pieces"),
      await rows('SELECT f.*, j.payload, j.progress, j.timeline FROM deposit_files f JOIN jobs j ON j.id = f.job_id'),
    ]);
    expect(dump).not.toMatch(/CANARY|Canari/);
  });

  it('are dropped when no job takes them, and stay when one does', async () => {
    const refused = await stage(pdf(5));
    const taken = await stage(pdf(6));
    const { jobId } = await deposit(taken.staged(), 9002);
    await refused.drop();
    await taken.drop();
    const [{ id } = { id: '' }] = refused.staged().files;
    expect(await rows('SELECT 1 FROM deposit_files WHERE id = $1', [id])).toEqual([]);
    expect(await rows('SELECT piece FROM deposit_file_pieces WHERE file_id = $1', [id])).toEqual([]);
    expect(await rows('SELECT 1 FROM deposit_files WHERE job_id = $1', [jobId])).toHaveLength(1);
  });

  it('that broke off are dropped with the pieces that had come', async () => {
    const staging = queue.files.stage(tenant.hash);
    const brokenOff = async function* () {
      yield pdf(600_000);
      throw new Error('gone');
    };
    const held = () =>
      rows('SELECT 1 FROM deposit_file_pieces p JOIN deposit_files f ON f.id = p.file_id WHERE f.job_id IS NULL');
    const before = (await held()).length;
    await expect(staging.add('a.pdf', brokenOff())).rejects.toThrow('gone');
    expect((await held()).length).toBeGreaterThan(before);
    await staging.drop();
    expect(await held()).toHaveLength(before);
  });

  it('of a repeated deposit belong to the first job alone', async () => {
    const content = pdf(40);
    const [first, again] = [await stage(content), await stage(content)];
    const { jobId } = await deposit(first.staged(), 9003);
    expect(await deposit(again.staged(), 9003)).toEqual({ jobId, status: 'duplicate' });
    const ids = again.staged().files.map(({ id }) => id);
    expect(await rows('SELECT job_id FROM deposit_files WHERE id = ANY($1)', [ids])).toEqual([{ job_id: null }]);
    const other = await stage(pdf(40));
    expect((await deposit(other.staged(), 9003)).status).toBe('pending');
  });

  it('that vanished before the acceptance promise nothing', async () => {
    const staging = await stage(pdf(3));
    await staging.drop();
    await expect(deposit(staging.staged(), 9004)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it('that vanished while they arrived ask for the deposit again', async () => {
    const staging = queue.files.stage(tenant.hash);
    const outlived = async function* () {
      yield pdf(300_000);
      await staging.drop();
      yield pdf(300_000);
    };
    await expect(staging.add('a.pdf', outlived())).rejects.toMatchObject({
      ...{ code: 'SERVICE_UNAVAILABLE', details: { retryAfterSeconds: 1 } },
    });
    expect(staging.staged().files).toEqual([]);
  });

  it('that nobody took for an hour are purged, younger ones are not', async () => {
    const [old, young] = [await stage(pdf(3)), await stage(pdf(3))];
    const idOf = (staging: typeof old) => staging.staged().files[0]?.id ?? '';
    const owner = new pg.Client({ connectionString: queue.db.url });
    await owner.connect();
    await owner
      .query("UPDATE deposit_files SET created_at = now() - interval '2 hours' WHERE id = $1", [idOf(old)])
      .finally(() => owner.end());
    await queue.files.purgeStrays(3600);
    expect(await rows('SELECT id FROM deposit_files WHERE id = ANY($1)', [[idOf(old), idOf(young)]])).toEqual([
      { id: idOf(young) },
    ]);
  });

  it('of another tenant do not exist', async () => {
    const staging = await stage(pdf(3));
    const { key, files, held } = staging.staged();
    await deposit({ key, files, held }, 9005);
    await expect(queue.files.open(aTenant().hash, key.id, files)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('small files of deposits', () => {
  let queue: TestQueue;
  const tenant = aTenant();

  beforeAll(async () => {
    queue = await aQueue({ heldBytes: 1000 });
    queue.opco.acts = [accepts()];
  });
  afterAll(() => queue.close());

  it.each([
    ['fit together: none is stored', [400, 500], 0],
    ['do not fit together: those that fit are held', [900, 900, 50], 1],
    ['are larger: each is stored', [1001, 2000], 2],
  ])('that %s, and all come to the OPCO byte for byte', async (_, sizes, stored) => {
    const contents = sizes.map((size) => pdf(size - 9));
    const staging = queue.files.stage(tenant.hash);
    for (const [index, content] of contents.entries()) {
      const cut = content.length >> 1;
      await staging.add(`${index}`, Readable.from([content.subarray(0, cut), content.subarray(cut)]));
    }
    const { files, held } = staging.staged();
    expect([files.length, held.length]).toEqual([stored, sizes.length - stored]);
    const { jobId } = await queue.accept.accept(aDeposit(tenant, { staged: staging.staged() }, sizes.length + stored));
    staging.settle();
    await staging.drop();
    const work = queue.work();
    work.start();
    await until(async () => (await queue.jobs.view(tenant.hash, 'opco-ep', jobId)).status === 'completed');
    const call = queue.opco.calls.at(-1);
    const arrived = new Map<string, string>();
    for (const file of call?.files ?? []) arrived.set(file.name, sha256(await whole(file)));
    expect([...arrived].sort()).toEqual(contents.map((content, index) => [`${index}`, sha256(content)]));
    await work.stop();
  });

  it('are the same deposit, held or stored', async () => {
    const content = pdf(100);
    const stagedBy = async (files: typeof queue.files) => {
      const staging = files.stage(tenant.hash);
      await staging.add('a', Readable.from([content]));
      return staging.staged();
    };
    const stored = new FileStore(queue.db.database, queue.keys, { heldBytes: 0, wait: () => Promise.resolve() });
    const { jobId } = await queue.accept.accept(aDeposit(tenant, { staged: await stagedBy(queue.files) }, 77));
    expect(await queue.accept.accept(aDeposit(tenant, { staged: await stagedBy(stored) }, 77))).toEqual({
      ...{ jobId, status: 'duplicate' },
    });
  });
});
