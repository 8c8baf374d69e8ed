import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { exampleComplet } from '../../src/core/contract/complet.js';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { fail } from '../../src/core/errors.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts, breaksAfterSend, refuses } from '../support/a-scripted-opco.js';

const pdf = Buffer.from('%PDF-1.7\n one page');

describe('a composite deposit', () => {
  let queue: TestQueue;
  let rank = 500;
  const tenant = aTenant();

  beforeEach(async () => {
    queue = await aQueue();
    queue.opco.shown = { rows: fail('NOT_SUPPORTED'), objects: new Map() };
  });
  afterEach(() => queue.close());

  const view = (jobId: string) => queue.jobs.view(tenant.hash, 'akto', jobId);
  const ends = (jobId: string, status: string) =>
    until(async () => {
      const job = await view(jobId);
      return job.status === status && job;
    });
  const deposit = async () => {
    const { _files, ...body } = exampleComplet();
    const whole = { ...body, dossier: { cerfa: exampleCerfa({ rank: (rank += 1) }) } };
    const { composite } = queue.opco.served({ opcoId: 'akto', endpoint: 'depositDossier' }).adapter.complet;
    const steps = composite?.steps(whole).map(({ type, label }) => ({ type, label }));
    const staging = queue.files.stage(tenant.hash);
    for (const name of Object.keys(_files ?? {}))
      await staging.add(name, Readable.from([Buffer.from(`${pdf}${name}`)]));
    const over = {
      type: 'complet',
      opcoId: 'akto',
      body: whole,
      staged: staging.staged(),
      ...(steps && { steps }),
    } as const;
    return (await queue.accept.accept(aDeposit(tenant, over))).jobId;
  };
  const statuses = async (jobId: string) => (await view(jobId)).steps?.map(({ status }) => status);
  const events = (jobId: string) =>
    queue.db.database.asSystem((sql) =>
      sql.query<{ type: string; data: { progress?: { step: number } } }>(
        'SELECT type, data FROM events WHERE subject = $1 ORDER BY ordinal',
        [`job:${jobId}`],
      ),
    );

  it('goes step by step, each with what it needs of the one before, and tells each', async () => {
    queue.opco.acts = [
      accepts('4711'),
      async (_, sent) => {
        await sent();
        return { numeroInterneConvention: 'C1' };
      },
      async (_, sent) => {
        await sent();
        return { numeroInterneDocument: 'D1' };
      },
    ];
    queue.work().start();
    const jobId = await deposit();
    expect(await statuses(jobId)).toHaveLength(3);
    expect(await ends(jobId, 'completed')).toMatchObject({
      outcome: 'applied',
      progress: { step: 3, total: 3 },
      result: {
        numeroInterne: '4711',
        etapes: [
          { type: 'dossiers', result: { numeroInterne: '4711' } },
          { type: 'conventions', result: { numeroInterneConvention: 'C1' } },
          { type: 'documents', result: { numeroInterneDocument: 'D1' } },
        ],
      },
      steps: [{ status: 'completed', outcome: 'applied' }, { status: 'completed' }, { status: 'completed' }],
    });
    const [dossier, convention, document] = queue.opco.sent;
    expect(dossier?.files).toEqual([]);
    expect(convention).toMatchObject({ endpoint: 'depositConvention', body: { numeroInterneDossier: '4711' } });
    expect(convention?.files?.map(({ name }) => name)).toEqual(['convention.pdf']);
    expect(document).toMatchObject({ body: { objets: [{ typeObjet: 'dossier', idObjet: '4711' }] } });
    expect(document?.files?.map(({ name }) => name)).toEqual(['cerfa.pdf']);
    expect((await events(jobId)).map(({ type, data }) => [type, data.progress?.step])).toEqual([
      ['job.progress', 1],
      ['job.progress', 2],
      ['job.completed', 3],
    ]);
  });

  it('that fails on the way is partial, and resumes at the failed step', async () => {
    queue.opco.acts = [accepts('4711'), refuses('UPSTREAM_REJECTED', 422), accepts('x')];
    queue.work().start();
    const jobId = await deposit();
    expect(await ends(jobId, 'failed')).toMatchObject({ outcome: 'partial' });
    expect(await statuses(jobId)).toEqual(['completed', 'failed', 'pending']);
    await queue.jobs.retry({ tenant, requestId: randomUUID() }, 'akto', jobId);
    await ends(jobId, 'completed');
    expect(queue.opco.sent.map(({ endpoint }) => endpoint)).toEqual([
      'depositDossier',
      'depositConvention',
      'depositConvention',
      'depositDocument',
    ]);
  });

  it('that took effect in part keeps its content: the same again is a duplicate, no second dossier', async () => {
    queue.opco.acts = [accepts('4711'), refuses('UPSTREAM_REJECTED', 422), accepts('x')];
    queue.work().start();
    const jobId = await deposit();
    await ends(jobId, 'failed');
    rank -= 1;
    expect(await deposit()).toBe(jobId);
    expect(queue.opco.sent.filter(({ endpoint }) => endpoint === 'depositDossier')).toHaveLength(1);
  });

  it('whose step is in doubt goes to a person, whose word leads to the next step', async () => {
    queue.opco.acts = [breaksAfterSend, accepts('x')];
    queue.work().start();
    const jobId = await deposit();
    await ends(jobId, 'needs_review');
    const name = { opcoId: 'akto', jobId };
    const actor = { tenant, requestId: randomUUID() };
    await expect(queue.jobs.resolve(actor, name, { outcome: 'applied' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    await queue.jobs.resolve(actor, name, { outcome: 'applied', numeroInterne: '4712' });
    expect(await ends(jobId, 'completed')).toMatchObject({ result: { numeroInterne: '4712' } });
    expect(queue.opco.sent.filter(({ endpoint }) => endpoint === 'depositDossier')).toHaveLength(1);
    expect(queue.opco.sent[1]).toMatchObject({ body: { numeroInterneDossier: '4712' } });
  });
});
