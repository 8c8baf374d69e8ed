import { randomUUID } from 'node:crypto';
import { fail } from '../../src/core/errors.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts, breaksAfterSend, breaksBeforeSend, refuses, type Act } from '../support/a-scripted-opco.js';

describe('the life of a deposit', () => {
  let queue: TestQueue;
  const tenant = aTenant();
  let rank = 0;

  beforeEach(async () => {
    queue = await aQueue();
  });
  afterEach(() => queue.close());

  const deposit = () => queue.accept.accept(aDeposit(tenant, {}, rank++));
  const view = (jobId: string) => queue.jobs.view(tenant.hash, 'opco-ep', jobId);
  const ends = (jobId: string, status: string) =>
    until(async () => {
      const job = await view(jobId);
      return job.status === status && job;
    });
  const rows = <T extends object>(text: string, values: unknown[] = []) =>
    queue.db.database.asSystem((sql) => sql.query<T>(text, values));
  const events = (jobId: string) =>
    rows<{ type: string; data: Record<string, unknown> }>(
      'SELECT type, data FROM events WHERE subject = $1 ORDER BY ordinal',
      [`job:${jobId}`],
    );

  it('ends completed, with result, event, audit row and no outbox row', async () => {
    queue.opco.acts = [accepts('4711')];
    queue.work().start();
    const { jobId, status } = await deposit();
    expect(status).toBe('pending');
    const job = await ends(jobId, 'completed');
    expect(job).toMatchObject({
      outcome: 'applied',
      attempts: 1,
      result: { numeroInterne: '4711' },
      progress: { step: 2, total: 2 },
    });
    expect(job.completedAt).not.toBeNull();
    expect(job.timeline.map(({ code }) => code)).toEqual(['accepted', 'sending', 'completed']);
    expect(await events(jobId)).toEqual([
      {
        type: 'job.completed',
        data: {
          jobId,
          type: 'dossiers',
          opcoId: 'opco-ep',
          status: 'completed',
          outcome: 'applied',
          numeroInterne: '4711',
        },
      },
    ]);
    expect(await rows('SELECT 1 FROM job_outbox')).toEqual([]);
    expect(await rows('SELECT action, result FROM audit_logs WHERE object = $1 ORDER BY id', [`job:${jobId}`])).toEqual(
      [
        { action: 'deposit.accepted', result: 'ok' },
        { action: 'job.completed', result: 'applied' },
      ],
    );
    expect(queue.opco.calls[0]).toMatchObject({
      endpoint: 'depositDossier',
      traffic: 'job',
      opcoId: 'opco-ep',
      tenant: { hash: tenant.hash },
    });
    expect(queue.failures).toEqual([]);
  });

  it('fails on a refusal, whose words are kept sealed and shown to the owner', async () => {
    queue.opco.acts = [refuses('UPSTREAM_REJECTED', 422)];
    queue.work().start();
    const { jobId } = await deposit();
    const job = await ends(jobId, 'failed');
    expect(job).toMatchObject({
      outcome: 'not_applied',
      error: { code: 'UPSTREAM_REJECTED', upstream: { status: 422, message: /Canari/ } },
    });
    expect(queue.opco.sent).toHaveLength(1);
    const [stored] = await rows<{ all: string }>('SELECT row_to_json(jobs)::text AS all FROM jobs WHERE id = $1', [
      jobId,
    ]);
    expect(stored?.all).not.toContain('Canari');
    expect((await events(jobId)).map(({ type }) => type)).toEqual(['job.failed']);
  });

  it('tries again what never left for a reason of our own, and gives up as not applied', async () => {
    queue.opco.acts = [breaksBeforeSend];
    queue.work().start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'failed')).toMatchObject({ outcome: 'not_applied', attempts: 3 });
    expect(queue.opco.calls).toHaveLength(3);
  });

  it('never sends again what may have been received: where it cannot be looked up, it asks for a review', async () => {
    queue.opco.acts = [breaksAfterSend];
    queue.opco.shown = { rows: fail('NOT_SUPPORTED'), objects: new Map() };
    queue.work().start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'needs_review')).toMatchObject({ outcome: 'unknown', completedAt: null });
    expect((await events(jobId)).map(({ type }) => type)).toEqual(['job.needs_review']);
    expect(await rows('SELECT 1 FROM job_outbox')).toEqual([]);
    expect(queue.opco.sent).toHaveLength(1);
  });

  it('makes the next poll of the OPCO due soon once it is completed, and only for its own tenant', async () => {
    const other = aTenant();
    for (const { hash } of [tenant, other]) {
      await rows(
        "INSERT INTO poll_targets (tenant_hash, opco_id, next_poll_at) SELECT $1, unnest($2::text[]), now() + interval '1 hour'",
        [hash, ['opco-ep', 'akto']],
      );
    }
    queue.opco.acts = [accepts()];
    queue.work().start();
    await ends((await deposit()).jobId, 'completed');
    const soon = () =>
      rows("SELECT tenant_hash, opco_id FROM poll_targets WHERE next_poll_at < now() + interval '31 seconds'");
    expect(await soon()).toEqual([{ tenant_hash: tenant.hash, opco_id: 'opco-ep' }]);
    await rows("UPDATE poll_targets SET next_poll_at = now() + interval '10 seconds', claimed_until = NULL");
    const [before] = await rows('SELECT next_poll_at FROM poll_targets WHERE tenant_hash = $1', [tenant.hash]);
    await ends((await deposit()).jobId, 'completed');
    expect(await rows('SELECT next_poll_at FROM poll_targets WHERE tenant_hash = $1 LIMIT 1', [tenant.hash])).toEqual([
      before,
    ]);
    // Under way: what it has read may be older than the deposit, so that its end must find a wish.
    await rows("UPDATE poll_targets SET next_poll_at = now() + interval '10 seconds'");
    await rows('UPDATE poll_targets SET claimed_until = next_poll_at');
    await ends((await deposit()).jobId, 'completed');
    const wished = 'SELECT opco_id FROM poll_targets WHERE next_poll_at <> claimed_until';
    expect(await rows(wished)).toEqual([{ opco_id: 'opco-ep' }]);
    await rows("UPDATE poll_targets SET next_poll_at = now() + interval '1 hour', paused_reason = 'credentials'");
    await ends((await deposit()).jobId, 'completed');
    expect(await soon()).toEqual([]);
  });

  it('happens once when BullMQ delivers it several times', async () => {
    queue.opco.acts = [accepts()];
    const { jobId } = await deposit();
    const twins = Array.from({ length: 5 }, () => ({ jobId, tenant: tenant.hash, stamp: randomUUID() }));
    await queue.queues.add('opco-ep', twins);
    queue.work().start();
    await ends(jobId, 'completed');
    await until(async () => (await queue.queues.waiting('opco-ep')) === 0);
    await queue.queues.add('opco-ep', [{ jobId, tenant: tenant.hash, stamp: 'late' }]);
    await until(async () => !(await queue.queues.holds('opco-ep', { jobId, stamp: 'late' })));
    expect(queue.opco.sent).toHaveLength(1);
  });

  it('is not hurried by a stale delivery while it waits', async () => {
    queue.opco.acts = [refuses('RATE_LIMITED', 429, 60)];
    queue.work().start();
    const { jobId } = await deposit();
    await until(async () => (await view(jobId)).reason === 'quota');
    await queue.queues.add('opco-ep', [{ jobId, tenant: tenant.hash, stamp: 'stale' }]);
    await until(async () => !(await queue.queues.holds('opco-ep', { jobId, stamp: 'stale' })));
    expect(queue.opco.calls).toHaveLength(1);
    expect(await view(jobId)).toMatchObject({ status: 'pending', reason: 'quota' });
  });

  it('happens once when the worker lost its token: the intent is refused and nothing is written', async () => {
    const stolen: Act = async (_, sent) => {
      await rows('UPDATE jobs SET attempt_token = $1', [randomUUID()]);
      await sent();
      return { numeroInterne: 'never' };
    };
    queue.opco.acts = [stolen];
    const work = queue.work();
    work.start();
    const { jobId } = await deposit();
    await until(async () => queue.opco.calls.length === 1);
    await work.stop();
    expect(queue.opco.sent).toEqual([]);
    expect(await view(jobId)).toMatchObject({ status: 'processing' });
    expect(await events(jobId)).toEqual([]);
  });

  it('ignores the answer of a worker that lost its token while it was sending', async () => {
    const overtaken: Act = async (_, sent) => {
      await sent();
      await rows('UPDATE jobs SET attempt_token = $1', [randomUUID()]);
      return { numeroInterne: 'never' };
    };
    queue.opco.acts = [overtaken];
    const work = queue.work();
    work.start();
    const { jobId } = await deposit();
    await until(async () => queue.opco.sent.length === 1);
    await work.stop();
    expect(await view(jobId)).toMatchObject({ status: 'processing' });
    expect(await rows('SELECT 1 FROM job_results')).toEqual([]);
    expect(await events(jobId)).toEqual([]);
  });

  it('is looked up after a crash that left an intent, and done again after a crash that left none', async () => {
    queue.opco.shown = { rows: fail('NOT_SUPPORTED'), objects: new Map() };
    const before = await deposit();
    const after = await deposit();
    const claims = await Promise.all(
      [before, after].map(({ jobId }) => queue.attempts.claim(tenant.hash, jobId, randomUUID())),
    );
    const sent = claims.find((claim) => claim?.jobId === after.jobId);
    if (!sent) throw new Error('not claimed');
    expect(await queue.attempts.intend(sent, false)).toBe(true);
    await rows("UPDATE job_attempts SET seen_at = now() - interval '61 seconds'");
    queue.opco.acts = [accepts()];
    const work = queue.work();
    await work.relay.sweep();
    expect(await view(after.jobId)).toMatchObject({ status: 'processing' });
    await work.relay.sweep();
    expect(await view(after.jobId)).toMatchObject({ status: 'pending', reason: 'verification' });
    expect(await view(before.jobId)).toMatchObject({ status: 'pending' });
    expect(await queue.attempts.intend(sent, false)).toBe(false);
    work.start();
    await ends(before.jobId, 'completed');
    expect(await ends(after.jobId, 'needs_review')).toMatchObject({ outcome: 'unknown' });
    expect(queue.opco.sent).toHaveLength(1);
    expect((await events(after.jobId)).map(({ type }) => type)).toEqual(['job.needs_review']);
  });
});
