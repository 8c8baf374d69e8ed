import { fail } from '../../src/core/errors.js';
import type { Tenant } from '../../src/core/tenant.js';
import { Dispatcher } from '../../src/queue/dispatcher.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts, neverLeaves, refuses } from '../support/a-scripted-opco.js';

describe('a deposit that has to wait', () => {
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
    rows<{ type: string }>('SELECT type FROM events WHERE subject = $1 ORDER BY ordinal', [`job:${jobId}`]);

  it('waits as long as a 429 asks, and burns no attempt on it', async () => {
    queue.opco.acts = [refuses('RATE_LIMITED', 429, 1), accepts()];
    queue.work().start();
    const { jobId } = await deposit();
    const waiting = await until(async () => {
      const job = await view(jobId);
      return job.reason === 'quota' && job;
    });
    expect(waiting).toMatchObject({ status: 'pending', attempts: 0, position: 1 });
    const [due] = await rows<{ wait: number; at: Date }>(
      'SELECT extract(epoch FROM run_at - now())::float8 AS wait, run_at AS at FROM job_outbox',
    );
    expect(due?.wait).toBeGreaterThan(0.5);
    // No sooner than the 429 allows.
    expect(Date.parse(waiting.eta ?? '')).toBeGreaterThanOrEqual((due?.at.getTime() ?? Infinity) - 1);
    expect(await ends(jobId, 'completed')).toMatchObject({ attempts: 1 });
    expect(queue.opco.sent).toHaveLength(2);
  });

  it('waits for an OPCO that takes no connection, burns no attempt on it and lists the tries once', async () => {
    queue.opco.acts = [neverLeaves, neverLeaves, accepts()];
    queue.work({ maxAttempts: 1 }).start();
    const { jobId } = await deposit();
    const job = await ends(jobId, 'completed');
    expect(queue.opco.calls).toHaveLength(3);
    expect(job).toMatchObject({ attempts: 1 });
    expect(job.timeline.map(({ code }) => code)).toEqual(['accepted', 'unreachable', 'completed']);
  });

  it('waits for credentials and says so once', async () => {
    queue.opco.acts = [refuses('UPSTREAM_AUTH', 401), refuses('UPSTREAM_AUTH', 403), accepts()];
    queue.work().start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'completed')).toMatchObject({ outcome: 'applied' });
    expect((await events(jobId)).map(({ type }) => type)).toEqual(['incident.raised', 'job.completed']);
    expect(queue.opco.sent).toHaveLength(3);
  });

  it('lists no try while it waits for credentials: the first one, the wait, and the end', async () => {
    queue.opco.acts = [...Array.from({ length: 4 }, () => refuses('UPSTREAM_AUTH', 401)), accepts()];
    queue.work().start();
    const { jobId } = await deposit();
    const { timeline } = await ends(jobId, 'completed');
    expect(timeline.map(({ code }) => code)).toEqual(['accepted', 'sending', 'credentials', 'completed']);
  });

  it('waits alone where its environment has no address, and says so', async () => {
    queue.opco.acts = [
      async (call, sent) => {
        if (call.tenant.environment === 'live') {
          throw fail('UPSTREAM_UNAVAILABLE', { sent: 'not-sent', unavailable: 'unconfigured', retryAfterSeconds: 60 });
        }
        await sent();
        return { numeroInterne: '4711' };
      },
    ];
    const held = jest.spyOn(Dispatcher.prototype, 'hold');
    queue.work().start();
    const live: Tenant = { ...aTenant(), environment: 'live' };
    const stranded = await queue.accept.accept(aDeposit(live, {}, rank++));
    const waiting = await until(async () => {
      const job = await queue.jobs.view(live.hash, 'opco-ep', stranded.jobId);
      return job.reason !== undefined && job;
    });
    expect(waiting).toMatchObject({ status: 'pending', reason: 'configuration', attempts: 0 });
    expect(waiting.timeline.at(-1)).toMatchObject({ code: 'unconfigured' });
    await ends((await deposit()).jobId, 'completed');
    expect(held).not.toHaveBeenCalled();
    held.mockRestore();
  });

  it('holds back the environment whose quota was spent, and no other', async () => {
    queue.opco.acts = [
      async (call, sent) => {
        await sent();
        if (call.tenant.environment === 'test') return { numeroInterne: '4711' };
        throw fail('RATE_LIMITED', {
          sent: 'answered',
          upstream: { opcoId: 'opco-ep', status: 429 },
          retryAfterSeconds: 60,
        });
      },
    ];
    queue.work().start();
    const live: Tenant = { ...aTenant(), environment: 'live' };
    const throttled = await queue.accept.accept(aDeposit(live, {}, rank++));
    await until(async () => (await queue.jobs.view(live.hash, 'opco-ep', throttled.jobId)).reason === 'quota');
    const second = await queue.accept.accept(aDeposit(live, {}, rank++));
    await ends((await deposit()).jobId, 'completed');
    expect(queue.opco.calls).toHaveLength(2);
    expect((await queue.jobs.view(live.hash, 'opco-ep', second.jobId)).reason).toBeUndefined();
  });

  it('fails once its credentials were not put right in time', async () => {
    queue.opco.acts = [refuses('UPSTREAM_AUTH', 401)];
    queue.work({ credentialsPatienceMs: 1 }).start();
    const { jobId } = await deposit();
    expect(await ends(jobId, 'failed')).toMatchObject({ outcome: 'not_applied', error: { code: 'UPSTREAM_AUTH' } });
  });
});
