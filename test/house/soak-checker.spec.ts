import type { LedgerLine } from '../../src/sandbox/ledger.js';
import { canariesIn, checkHistory, type OfferedDeposit, type SoakHistory } from '../../tools/soak/check-history.mjs';

const deposit = (key: string, more: Partial<OfferedDeposit> = {}): OfferedDeposit => ({
  ...{ tenant: 'anna', key, opcoId: 'akto', type: 'documents', mark: `akto|cfa|${key}` },
  answers: [{ status: 0 }, { status: 503, retryAfter: 1 }, { status: 202, jobId: `job-${key}` }],
  ...more,
});

const line = (seq: number, more: Partial<LedgerLine> = {}): LedgerLine => ({
  ...{ seq, opcoId: 'akto', cfa: 'cfa', route: 'depositDocument', method: 'POST', path: '/', query: [], status: 200 },
  ...{ time: new Date(seq * 1000).toISOString(), virtualTime: '', decision: 'ok', fault: null, body: null, key: null },
  committed: null,
  ...more,
});
const effect = (seq: number, fichier: string, more: Partial<LedgerLine> = {}) =>
  line(seq, { committed: { type: 'document', fichier }, ...more });

/** Four deposits that ended in every honest way, and nothing wrong. */
const honest: SoakHistory = {
  deposits: [deposit('a'), deposit('b'), deposit('c'), deposit('d'), deposit('never', { answers: [{ status: 0 }] })],
  jobs: new Map(
    Object.entries({ a: 'completed', b: 'failed', c: 'needs_review', d: 'needs_review' }).map(([key, status]) => [
      `job-${key}`,
      { status },
    ]),
  ),
  ledger: [effect(1, 'a'), effect(2, 'c'), line(3, { route: 'token' })],
  tenants: [
    { name: 'anna', canaries: ['canary-of-anna'] },
    { name: 'boris', canaries: ['canary-of-boris'] },
  ],
  received: [{ tenant: 'anna', where: 'an answer', text: '{"nom":"canary-of-anna"}' }],
  foreign: [{ tenant: 'boris', jobId: 'job-a', status: 404 }],
  windows: [{ opcoId: 'akto', limit: 2, windowMs: 10_000 }],
};

const violated = (history: Partial<SoakHistory>) =>
  checkHistory({ ...honest, ...history }).flatMap(({ name, promise, ok, offenders }) =>
    ok ? [] : [[name === '+' ? promise : name, ...offenders]],
  );
const jobs = (change: Readonly<Record<string, string>>) =>
  new Map([...honest.jobs, ...Object.entries(change).map(([id, status]) => [id, { status }] as const)]);

describe('the checker of a soak', () => {
  it('has nothing against a history in which every deposit ended honestly', () => {
    expect(violated({})).toEqual([]);
    expect(checkHistory(honest).map(({ name }) => name)).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', '+', '+']);
  });

  it.each(['pending', 'processing'])('finds an accepted deposit that is still %s', (status) => {
    expect(violated({ jobs: jobs({ 'job-d': status }) })).toEqual([
      ['I1', `anna/d (documents at akto): job job-d is ${status}`],
    ]);
  });

  it('finds an accepted deposit whose job nobody knows', () => {
    const known = new Map([...honest.jobs].filter(([id]) => id !== 'job-d'));
    expect(violated({ jobs: known })).toEqual([['I1', 'anna/d (documents at akto): job job-d is unknown']]);
  });

  it('finds a second effect, of a deposit in review and of one that was never answered', () => {
    const ledger = [...honest.ledger, effect(20, 'c', { late: 2 }), effect(40, 'never'), effect(60, 'never')];
    expect(violated({ ledger })).toEqual([
      ['I2', 'anna/c (documents at akto): ledger lines 2, 20', 'anna/never (documents at akto): ledger lines 40, 60'],
    ]);
  });

  it('finds a completed deposit that nobody committed, and one that was committed twice', () => {
    expect(violated({ ledger: honest.ledger.slice(1) })).toEqual([
      ['I3', 'anna/a (documents at akto): completed, 0 effects'],
    ]);
    expect(violated({ ledger: [...honest.ledger, effect(30, 'a')] }).map(([name]) => name)).toEqual(['I2', 'I3']);
  });

  it.each(['failed', 'cancelled'])('finds a %s deposit that was committed', (status) => {
    expect(violated({ jobs: jobs({ 'job-c': status }) })).toEqual([
      ['I4', `anna/c (documents at akto): ${status}, ledger lines 2`],
    ]);
  });

  it('finds two jobs for one key, one job for two keys, and another content taken for the same', () => {
    const two = deposit('d', { answers: [200, 202].map((status) => ({ status, jobId: `job-d-${status}` })) });
    expect(violated({ deposits: [...honest.deposits, two], jobs: jobs({ 'job-d-200': 'failed' }) })).toEqual([
      ['I5', 'anna/d (documents at akto): jobs job-d-200, job-d-202'],
    ]);
    const taken = deposit('e', { answers: [{ status: 202, jobId: 'job-d' }] });
    expect(violated({ deposits: [...honest.deposits, taken] })).toEqual([
      ['I5', "anna/e (documents at akto): job-d is anna/d (documents at akto)'s"],
    ]);
    const swallowed = deposit('d', { otherContent: [{ status: 200, jobId: 'job-d' }] });
    expect(violated({ deposits: [...honest.deposits.filter(({ key }) => key !== 'd'), swallowed] })).toEqual([
      ['I5', 'anna/d (documents at akto): another content under the same key was a duplicate'],
    ]);
  });

  it('finds an overflowing window, in which neither tokens nor late effects count', () => {
    const windows = [{ opcoId: 'akto', limit: 1, windowMs: 10_000 }];
    expect(violated({ windows })).toEqual([
      ['I6', 'akto: 2 requests in the 10000 ms until 1970-01-01T00:00:02.000Z, 1 allowed'],
    ]);
    expect(violated({ windows: [{ opcoId: 'akto', limit: 1, windowMs: 1000 }] })).toEqual([]);
    expect(violated({ ledger: [...honest.ledger, effect(4, 'never', { late: 3 })] })).toEqual([]);
  });

  it('finds a canary in another’s hands, and a job that another could open', () => {
    expect(canariesIn('x canary-of-boris x', 'anna', honest.tenants)).toEqual(['boris']);
    const received = [{ tenant: 'anna', where: 'a webhook', text: 'canary-of-boris' }];
    expect(violated({ received })).toEqual([['I7', 'anna received a canary of boris in a webhook']]);
    expect(violated({ foreign: [{ tenant: 'boris', jobId: 'job-a', status: 200 }] })).toEqual([
      ['I7', 'boris asked for job job-a of another: 200'],
    ]);
  });

  it('finds an effect that nobody offered, and one of a content that was refused', () => {
    const name = 'nothing takes effect that nobody may count on';
    expect(violated({ ledger: [...honest.ledger, effect(50, 'nobody’s')] })).toEqual([
      [name, 'ledger line 50: document at akto'],
    ]);
    const other = deposit('d', { otherMark: 'akto|cfa|a', otherContent: [{ status: 422 }] });
    expect(violated({ deposits: [...honest.deposits.filter(({ key }) => key !== 'd'), other] })).toEqual([
      [name, 'anna/d (documents at akto): the other content under the same key took effect'],
    ]);
  });

  it('finds answers that nobody documented: a 500, and a 503 that does not say when to come back', () => {
    const answers = [{ status: 500 }, { status: 503 }, { status: 202, jobId: 'job-d' }];
    const deposits = [...honest.deposits.filter(({ key }) => key !== 'd'), deposit('d', { answers })];
    expect(violated({ deposits })).toEqual([
      [
        'answers are documented ones',
        'anna/d (documents at akto): 500, Retry-After absent',
        'anna/d (documents at akto): 503, Retry-After absent',
      ],
    ]);
  });
});
