import { systemClock } from '../../src/core/clock.js';
import { Backlog } from '../../src/queue/backlog.js';
import { BacklogGate } from '../../src/queue/backlog-gate.js';
import { BacklogRepository } from '../../src/queue/backlog.repository.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts, breaksAfterSend } from '../support/a-scripted-opco.js';

describe('the gate in front of the queue', () => {
  let queue: TestQueue;
  const refused: string[] = [];

  beforeEach(async () => {
    queue = await aQueue();
    queue.opco.acts = [accepts()];
    refused.length = 0;
  });
  afterEach(() => queue.close());

  function aGate(bounds: { tenant: number; total: number }) {
    const backlog = new Backlog(bounds, systemClock);
    const repository = new BacklogRepository(queue.db.database);
    return { backlog, gate: new BacklogGate({ backlog, repository, refused: (by) => refused.push(by) }) };
  }

  it('refuses with 503 and a wait once a tenant has as many as it may, and nobody else', async () => {
    const [mine, other] = [aTenant(), aTenant()];
    const { gate } = aGate({ tenant: 3, total: 100 });
    for (let rank = 0; rank < 3; rank++) await queue.accept.accept(aDeposit(mine, {}, rank));
    expect(gate.refusal(mine.hash, undefined)).toBeUndefined();
    await gate.count();
    expect(gate.refusal(mine.hash, undefined)).toMatchObject({
      code: 'OVERLOADED',
      details: { retryAfterSeconds: expect.any(Number) },
    });
    expect(gate.refusal(other.hash, undefined)).toBeUndefined();
    expect(refused).toEqual(['tenant']);
  });

  it('lets a repeat of an accepted deposit through, known by its key, and no other key', async () => {
    const mine = aTenant();
    const { gate } = aGate({ tenant: 1, total: 100 });
    const first = await queue.accept.accept(aDeposit(mine, { idempotencyKey: 'k-1' }));
    await gate.count();
    expect(await gate.refusal(mine.hash, 'k-1')).toBeUndefined();
    expect(await gate.refusal(mine.hash, 'k-2')).toMatchObject({ code: 'OVERLOADED' });
    expect(await queue.accept.accept(aDeposit(mine, { idempotencyKey: 'k-1' }))).toEqual({
      jobId: first.jobId,
      status: 'duplicate',
    });
  });

  it('opens again once the work is done, and what needs a review takes no room', async () => {
    const mine = aTenant();
    const { gate } = aGate({ tenant: 2, total: 100 });
    for (let rank = 0; rank < 2; rank++) await queue.accept.accept(aDeposit(mine, {}, rank));
    await gate.count();
    expect(gate.refusal(mine.hash, undefined)).toBeDefined();
    queue.opco.acts = [breaksAfterSend, accepts()];
    queue.work().start();
    await until(async () => (await new BacklogRepository(queue.db.database).counts()).length === 0);
    await gate.count();
    expect(gate.refusal(mine.hash, undefined)).toBeUndefined();
  });

  it('keeps what it knows while PostgreSQL is away', async () => {
    const mine = aTenant();
    const backlog = new Backlog({ tenant: 2, total: 100 }, systemClock);
    const away = () => Promise.reject(new Error('away'));
    const gate = new BacklogGate({ backlog, repository: { counts: away, knows: away }, refused: () => undefined });
    backlog.noteAccepted(mine.hash);
    await gate.count();
    backlog.noteAccepted(mine.hash);
    expect(await gate.refusal(mine.hash, 'k-1')).toMatchObject({ code: 'OVERLOADED' });
  });
});
