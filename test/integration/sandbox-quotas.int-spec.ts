import type { OpcoId } from '../../src/core/endpoint.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { clientOf, controlOf, type NormAnswer, type NormClient } from '../support/norm-client.js';
import { refusalOf } from '../support/norm-journey.js';

/** Real time stands still until a test moves it. */
const hand = { ms: Date.parse('2026-11-02T08:00:00.250Z') };
const clock = { now: () => hand.ms, elapsed: () => hand.ms };

let sandbox: Sandbox;
beforeAll(async () => {
  const quotas = { ocapiat: { limit: 2, windowMs: 60_000, fields: true } };
  sandbox = await startSandbox({ port: 0, seed: 'spec', clock, quotas });
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.world.reset('spec'));

const control = (path: string, body?: unknown) => controlOf(sandbox, path, body);
const status = (client: NormClient, apiKey?: string): Promise<NormAnswer> =>
  client.send({ route: 'GET v1/status', ...(apiKey !== undefined && { apiKey }) });
const statuses = async (client: NormClient, count: number) => {
  const seen: number[] = [];
  for (let calls = 0; calls < count; calls += 1) seen.push((await status(client)).status);
  return seen;
};
const withQuota = async (opcoId: OpcoId, quota: object) => {
  await control('quotas', { opcoId, ...quota });
  return clientOf(sandbox, opcoId);
};

describe('a quota over HTTP', () => {
  it('of a fixed window is free again with the next window', async () => {
    const client = await withQuota('akto', { limit: 2, windowMs: 10_000 });
    expect(await statuses(client, 3)).toEqual([200, 200, 429]);
    // 08:00:00.250: the window of ten seconds ends in 9.75.
    expect((await status(client)).headers['retry-after']).toBe('10');
    hand.ms += 9750;
    expect(await statuses(client, 3)).toEqual([200, 200, 429]);
  });

  it('of a sliding window is free again when the oldest call has left it', async () => {
    const client = await withQuota('akto', { kind: 'sliding', limit: 2, windowMs: 10_000 });
    expect(await statuses(client, 1)).toEqual([200]);
    hand.ms += 9000;
    expect(await statuses(client, 2)).toEqual([200, 429]);
    expect((await status(client)).headers['retry-after']).toBe('1');
    hand.ms += 1000;
    expect(await statuses(client, 2)).toEqual([200, 429]);
  });

  it('of a bucket lets a burst through, then what flows in', async () => {
    const client = await withQuota('akto', { kind: 'bucket', limit: 1, burst: 3, windowMs: 1000 });
    expect(await statuses(client, 4)).toEqual([200, 200, 200, 429]);
    hand.ms += 1000;
    expect(await statuses(client, 2)).toEqual([200, 429]);
  });

  it('per CFA key leaves the other keys of the software alone, and counts what is refused too', async () => {
    const client = await withQuota('akto', { limit: 1, windowMs: 10_000, per: 'cfa' });
    const { cfa } = (await control('cfas', { opcoId: 'akto', apiKey: 'second' })) as { cfa: string };
    expect(await statuses(client, 2)).toEqual([200, 429]);
    expect((await status(client, 'second')).status).toBe(200);
    const shown = (await control('quotas')) as { opcoId: string; counters: object[] }[];
    const counters = shown.find(({ opcoId }) => opcoId === 'akto')?.counters;
    expect(counters).toMatchObject([
      { client: null, limit: 1, left: 0, granted: 1, refused: 1 },
      { client: null, cfa, limit: 1, left: 0, granted: 1, refused: 0 },
    ]);
    expect(JSON.stringify(shown)).not.toContain('second');
  });

  it('per software and per key at once refuses what either of them does', async () => {
    const quotas = [
      { limit: 3, windowMs: 10_000 },
      { limit: 2, windowMs: 10_000, per: 'cfa' },
    ];
    const client = await withQuota('akto', { quotas });
    await control('cfas', { opcoId: 'akto', apiKey: 'second' });
    expect(await statuses(client, 3)).toEqual([200, 200, 429]);
    expect([(await status(client, 'second')).status, (await status(client, 'second')).status]).toEqual([200, 429]);
  });

  it('moves at a virtual instant', async () => {
    await control('clock', { set: '2026-11-02T08:00:00Z', speed: 0 });
    const schedule = [{ at: '2026-11-02T09:00:00Z', limit: 1 }];
    const client = await withQuota('akto', { limit: 2, windowMs: 1000, schedule });
    expect(await statuses(client, 3)).toEqual([200, 200, 429]);
    hand.ms += 1000;
    await control('clock', { advanceSeconds: 3600 });
    expect(await statuses(client, 2)).toEqual([200, 429]);
  });

  it.each([
    ['seconds', '10'],
    ['date', new Date(hand.ms).toUTCString()],
    ['none', undefined],
  ] as const)('tells the wait as %s', async (retryAfter, shape) => {
    hand.ms = Math.ceil(hand.ms / 10_000) * 10_000;
    const client = await withQuota('akto', { limit: 1, windowMs: 10_000, retryAfter });
    await status(client);
    const refused = await status(client);
    const told = refused.headers['retry-after'];
    expect(refused.status).toBe(429);
    if (retryAfter === 'date') {
      expect(told).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
      expect(told?.length).toBe(shape.length);
      expect(Date.parse(told ?? '')).toBe(hand.ms + 10_000);
    } else expect(told).toBe(shape);
    expect(refused.headers['ratelimit']).toBeUndefined();
    expect(refusalOf(client, refused)).toBe('Limite de requêtes atteinte.');
  });

  it('of the start holds again after a reset, and shows its fields on every answer', async () => {
    await control('quotas', { opcoId: 'ocapiat', limit: 9 });
    await control('reset', {});
    const client = await clientOf(sandbox, 'ocapiat');
    const [first, second, third] = [await status(client), await status(client), await status(client, 'unknown')];
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
    for (const [rank, { headers }] of [first, second, third].entries()) {
      expect(headers['ratelimit-policy']).toBe('"client";q=2;w=60');
      expect(headers['ratelimit']).toMatch(new RegExp(`^"client";r=${Math.max(0, 1 - rank)};t=\\d+$`));
    }
  });

  it.each([
    { limit: -1 },
    { limit: 1.5 },
    { limit: 1, kind: 'leaky' },
    { limit: 1, per: 'planet' },
    { limit: 1, retryAfter: 'soon' },
    { limit: 1, windowMs: 0 },
    { limit: 1, schedule: [{ at: 'hier', limit: 2 }] },
    { quotas: [] },
    { limit: 1, quotas: [{ limit: 1 }] },
    {},
  ])('refuses what makes no sense: %j', async (quota) => {
    await expect(control('quotas', { opcoId: 'akto', ...quota })).rejects.toThrow('400');
  });
});
