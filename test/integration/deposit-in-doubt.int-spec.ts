import { randomUUID } from 'node:crypto';
import type { DossierDeposit } from '../../src/core/contract/dossier.js';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { fail } from '../../src/core/errors.js';
import { endpointOf } from '../../src/queue/deposit-types.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts, breaksAfterSend, refuses, type Act } from '../support/a-scripted-opco.js';

/** The OPCO takes it, under this number, and its answer is lost. */
const takesAndBreaks =
  (queue: TestQueue, numeroInterne: string, rank: number): Act =>
  async (_, sent) => {
    await sent();
    queue.opco.show(numeroInterne, rank);
    throw fail('UPSTREAM_ERROR', { sent: 'maybe-sent' });
  };

describe('a deposit whose answer was lost', () => {
  let queue: TestQueue;
  let tenant = aTenant();
  let rank = 0;

  beforeEach(async () => {
    queue = await aQueue();
    tenant = aTenant();
    rank += 1;
  });
  afterEach(() => queue.close());

  const deposit = (over: Parameters<typeof aDeposit>[1] = {}) => {
    const body: DossierDeposit = { cerfa: exampleCerfa({ rank }) };
    const { endpoint } = queue.opco.served({ opcoId: 'opco-ep', endpoint: endpointOf('dossiers') });
    const naturalKey = endpoint.naturalKey?.({ query: {}, body });
    return queue.accept.accept(aDeposit(tenant, { ...(naturalKey && { naturalKey }), ...over }, rank));
  };
  const view = (jobId: string) => queue.jobs.view(tenant.hash, 'opco-ep', jobId);
  const ends = (jobId: string, status: string) =>
    until(async () => {
      const job = await view(jobId);
      return job.status === status && job;
    });
  const codes = async (jobId: string) => (await view(jobId)).timeline.map(({ code }) => code);

  it('is completed by what the OPCO shows, without a second send', async () => {
    queue.opco.show('old', 77);
    queue.opco.acts = [takesAndBreaks(queue, '4711', rank)];
    queue.work().start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'completed')).toMatchObject({
      outcome: 'applied',
      attempts: 1,
      result: { numeroInterne: '4711', reconciled: true },
    });
    expect(await codes(jobId)).toEqual(['accepted', 'sending', 'ambiguous', 'check-found']);
    expect(queue.opco.sent).toHaveLength(1);
    // The list before the intent, and again for the look-up; of the details, only what was new.
    expect(queue.opco.looks.filter(({ endpoint }) => endpoint === 'dossier').map(({ query }) => query)).toEqual([
      { numeroInterne: '4711' },
    ]);
  });

  it('is sent again once two complete look-ups did not find it, and not before', async () => {
    queue.opco.acts = [breaksAfterSend, accepts('4712')];
    queue.work().start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'completed')).toMatchObject({ outcome: 'applied', attempts: 2 });
    expect(queue.opco.sent).toHaveLength(2);
    const lists = queue.opco.looks.filter(({ endpoint }) => endpoint === 'etats');
    expect(lists).toHaveLength(3);
    expect(lists.slice(1).every(({ cache }) => cache.noCache)).toBe(true);
  });

  it('does not take an object for its own that the OPCO had before the intent', async () => {
    queue.opco.show('refused-last-year', rank);
    queue.opco.acts = [breaksAfterSend, accepts('4713')];
    queue.work().start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'completed')).toMatchObject({ result: { numeroInterne: '4713' } });
    expect(queue.opco.sent).toHaveLength(2);
  });

  it('goes to a person when the list could not be read before the intent and shows such an object afterwards', async () => {
    queue.opco.acts = [
      async (call, sent) => {
        await takesAndBreaks(
          queue,
          '4714',
          rank,
        )(call, sent).catch((error: unknown) => {
          queue.opco.shown = { rows: [...queue.opco.rows], objects: queue.opco.shown.objects };
          throw error;
        });
      },
    ];
    queue.opco.shown = { rows: fail('UPSTREAM_ERROR'), objects: new Map() };
    queue.work().start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'needs_review')).toMatchObject({ outcome: 'unknown', error: { code: 'UPSTREAM_ERROR' } });
    expect(queue.opco.sent).toHaveLength(1);
  });

  it('is completed by the object that a 409 speaks of, and failed when there is none', async () => {
    queue.opco.show('4715', rank);
    queue.opco.acts = [refuses('UPSTREAM_REJECTED', 409)];
    queue.work().start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'completed')).toMatchObject({ result: { numeroInterne: '4715', reconciled: true } });
    rank += 1;
    const other = await deposit();
    expect(await ends(other.jobId, 'failed')).toMatchObject({
      outcome: 'not_applied',
      error: { code: 'UPSTREAM_REJECTED', upstream: { status: 409 } },
    });
    expect(await codes(other.jobId)).toContain('check-other');
  });

  it('is never sent again after a 2xx that could not be read: it waits until the OPCO shows it', async () => {
    let looked = 0;
    queue.opco.acts = [refuses('UPSTREAM_INVALID', 200)];
    queue.opco.onLook = ({ endpoint }) => {
      if (endpoint === 'etats' && (looked += 1) === 5) queue.opco.show('4716', rank);
    };
    queue.work().start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'completed')).toMatchObject({ result: { numeroInterne: '4716' } });
    expect(queue.opco.sent).toHaveLength(1);
  });

  it('cannot be cancelled while nobody knows whether it was taken', async () => {
    queue.opco.acts = [breaksAfterSend];
    queue.work({ quietMs: 3_600_000 }).start();
    const { jobId } = await deposit();
    await until(async () => (await view(jobId)).reason === 'verification');
    expect(await view(jobId)).not.toHaveProperty('error');
    const cancel = queue.jobs.cancel({ tenant, requestId: randomUUID() }, 'opco-ep', jobId);
    await expect(cancel).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('keeps another deposit of the same object waiting until its outcome is known', async () => {
    queue.opco.acts = [breaksAfterSend, accepts('4717'), accepts('4718')];
    const work = queue.work({ quietMs: 200 });
    work.start();
    const first = await deposit();
    await until(async () => (await view(first.jobId)).reason === 'verification');
    const second = await deposit({ idempotencyKey: 'another' });
    await until(async () => (await view(second.jobId)).reason === 'same_object');
    expect(queue.opco.sent).toHaveLength(1);
    await ends(first.jobId, 'completed');
    await ends(second.jobId, 'completed');
    expect(await codes(second.jobId)).toEqual(['accepted', 'same-object', 'sending', 'completed']);
  });

  it('is one at a time per object, however many come at once', async () => {
    let under = 0;
    let most = 0;
    const slow: Act = async (_, sent) => {
      await sent();
      most = Math.max(most, (under += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      under -= 1;
      return { numeroInterne: randomUUID() };
    };
    queue.opco.acts = [slow];
    queue.work().start();
    const jobs = await Promise.all([...Array(6).keys()].map((n) => deposit({ idempotencyKey: `k${n}` })));
    for (const { jobId } of jobs) await ends(jobId, 'completed');
    expect(most).toBe(1);
  });
});
