import type { Call, Exchange } from '../../core/exchange.js';
import { advance } from '../../core/stage.js';
import { aCall, aDepositCall, anExchange, aRead, depositSlots, readSlots } from '../../../test/support/an-exchange.js';
import { TransformResponseStage } from './transform-response.stage.js';

interface Answered {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const forgotten: (readonly [string, string, readonly string[]])[] = [];
const kept = {
  forget: (...notice: (typeof forgotten)[number]) => Promise.resolve(void forgotten.push(notice)),
};

const accepted: string[] = [];

beforeEach(() => {
  forgotten.splice(0);
  accepted.splice(0);
});

async function read(
  { status, body, headers = {} }: Answered,
  slots = readSlots(),
  call: Partial<Call> = {},
): Promise<Exchange> {
  const exchange = anExchange(
    { ...slots, response: { status, headers, body } },
    slots.endpoint.kind === 'read' ? aCall(call) : aDepositCall(call),
  );
  await advance(
    new TransformResponseStage(kept, { accepted: (opcoId, tenant) => accepted.push(`${opcoId} ${tenant}`) }),
    exchange,
  );
  return exchange;
}

const deposited = (answered: Answered) => read(answered, depositSlots());

describe('transform-response', () => {
  it.each([401, 403])('forgets all reads of the tenant at the OPCO when its key is refused with %i', async (status) => {
    await read({ status, body: {} });
    await deposited({ status, body: {} });
    const notice = ['akto', aCall().tenant.hash, ['reads']];
    expect(forgotten).toEqual([notice, notice]);
  });

  it('notes that a key was accepted by any answer but a refusal of that key', async () => {
    for (const status of [200, 400, 404, 429, 500]) await read({ status, body: {} });
    expect(accepted).toEqual(Array(5).fill(`akto ${aCall().tenant.hash}`));
    accepted.splice(0);
    for (const status of [401, 403]) await read({ status, body: {} });
    await read({ status: 200, body: {} }, readSlots(), { cfaKey: 'to be judged' });
    expect(accepted).toEqual([]);
  });

  it('forgets nothing for another refusal, nor for a key that was brought along to be judged', async () => {
    for (const status of [400, 404, 429, 500]) await read({ status, body: {} });
    await read({ status: 401, body: {} }, readSlots(), { cfaKey: 'to be judged' });
    expect(forgotten).toEqual([]);
  });

  it('gives the candidate of a 2xx', async () => {
    expect((await read({ status: 200, body: { a: 1 } })).read('candidate')).toEqual({ a: 1 });
  });

  it.each([
    [404, 'NOT_FOUND'],
    [401, 'UPSTREAM_AUTH'],
    [403, 'UPSTREAM_AUTH'],
    [400, 'UPSTREAM_REJECTED'],
    [409, 'UPSTREAM_REJECTED'],
    [408, 'UPSTREAM_ERROR'],
    [302, 'UPSTREAM_ERROR'],
    [500, 'UPSTREAM_ERROR'],
    [503, 'UPSTREAM_ERROR'],
  ] as const)('reads %i of a read as %s', async (status, code) => {
    const { failure } = await read({ status, body: {} });
    expect(failure).toMatchObject({ code, details: { sent: 'answered', upstream: { opcoId: 'akto', status } } });
  });

  it('reads 404 of a deposit as a refusal', async () => {
    expect((await deposited({ status: 404, body: {} })).failure?.code).toBe('UPSTREAM_REJECTED');
  });

  it('reads a 4xx as "no such thing" where the dialect says so', async () => {
    const endpoint = { ...aRead, isNotFound: ({ status }: { status: number }) => status === 400 };
    expect((await read({ status: 400, body: {} }, { ...readSlots(), endpoint })).failure?.code).toBe('NOT_FOUND');
  });

  it('hands on the wait that a 429 asks for, in seconds or as a date', async () => {
    const wait = async (header: string | undefined) =>
      (await read({ status: 429, body: {}, headers: header === undefined ? {} : { 'retry-after': header } })).failure
        ?.details.retryAfterSeconds;
    expect(await wait('7')).toBe(7);
    expect(await wait('Tue, 01 Sep 2026 00:00:30 GMT')).toBe(30);
    expect(await wait('soon')).toBe(1);
    expect(await wait(undefined)).toBe(1);
  });

  it("shows the OPCO's own words, cut and without control characters", async () => {
    const { failure } = await read({
      status: 400,
      body: { code: 'E1', message: `a\u0000\r\nb\u202ec${'x'.repeat(600)}` },
    });
    expect(failure?.details.upstream?.code).toBe('E1');
    expect(failure?.details.upstream?.message).toMatch(/^a b cx+$/);
    expect(failure?.details.upstream?.message).toHaveLength(500);
  });

  it.each([['read', read] as const, ['deposit', deposited] as const])(
    'says that a %s whose answer is no JSON has been answered',
    async (_kind, run) => {
      expect((await run({ status: 200 })).failure).toMatchObject({
        code: 'UPSTREAM_INVALID',
        details: { sent: 'answered' },
      });
    },
  );
});
