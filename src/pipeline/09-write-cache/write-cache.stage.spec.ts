import type { Call } from '../../core/exchange.js';
import type { ReplyToKeep } from '../../core/response-cache.js';
import { advance } from '../../core/stage.js';
import { aCall, aDepositCall, anExchange, depositSlots, readSlots } from '../../../test/support/an-exchange.js';
import { WriteCacheStage } from './write-cache.stage.js';

const answer = { numeroInterne: 'N-1', etat: 'ENGAGE' };

function rig(random = 0.5, accepts = true) {
  const kept: (ReplyToKeep & { readonly key: string })[] = [];
  const forgotten: (readonly string[])[] = [];
  const stage = new WriteCacheStage(
    {
      write: ({ key }, reply) => {
        kept.push({ ...reply, key });
        return Promise.resolve(accepts);
      },
      forget: (_opcoId, _tenant, entities) => Promise.resolve(void forgotten.push(entities)),
    },
    () => random,
  );
  return { stage, kept, forgotten };
}

async function read(stage: WriteCacheStage, call: Partial<Call> = {}, headers: Record<string, string> = {}) {
  const exchange = anExchange({ ...readSlots(), answer, response: { status: 200, headers, body: {} } }, aCall(call));
  await advance(stage, exchange);
  return exchange;
}

describe('write-cache', () => {
  it('gives the answer and keeps the same bytes', async () => {
    const { stage, kept } = rig();
    const exchange = await read(stage);
    const reply = exchange.reply();
    expect(JSON.parse(exchange.answer().toString())).toEqual(answer);
    expect(reply).toMatchObject({ cacheStatus: 'miss', kept: true, ttlSeconds: 120, storedAt: exchange.clock.now() });
    expect(reply.etag).toMatch(/^"[\w-]{22}"$/);
    expect(kept[0]?.reply.body).toBe(reply.body);
    expect(kept[0]?.key).toMatch(/:GET:\/dossiers:/);
  });

  it('does not claim to have kept what the store refused', async () => {
    expect((await read(rig(0.5, false).stage)).reply()).toMatchObject({ cacheStatus: 'miss', kept: false });
  });

  it('names the dossier an answer speaks of', async () => {
    const { stage, kept } = rig();
    await read(stage);
    expect(kept[0]?.entities).toEqual(['reads', 'dossier', 'dossiers', 'dossier:N-1']);
  });

  it.each([
    [0, 108],
    [1, 132],
  ])('jitters freshness by a tenth (%d: %d s)', async (random, seconds) => {
    expect((await read(rig(random).stage)).reply().ttlSeconds).toBe(seconds);
  });

  it.each<[string, Partial<Call>, Record<string, string>]>([
    ['the caller says no-store', { cache: { noStore: true } }, {}],
    ['the OPCO says no-store', {}, { 'cache-control': 'private, no-store' }],
    ['the OPCO says Vary: *', {}, { vary: '*' }],
  ])('keeps nothing when %s', async (_why, call, headers) => {
    const { stage, kept } = rig();
    expect((await read(stage, call, headers)).reply().cacheStatus).toBe('bypass');
    expect(kept).toEqual([]);
  });

  it('keeps what a no-cache caller fetched', async () => {
    const { stage, kept } = rig();
    expect((await read(stage, { cache: { noCache: true } })).reply().cacheStatus).toBe('bypass');
    expect(kept).toHaveLength(1);
  });

  it('forgets the states and the dossiers that a deposit touched, and keeps nothing of it', async () => {
    const { stage, kept, forgotten } = rig();
    const exchange = anExchange(
      { ...depositSlots(), answer: { numeroInterne: 'N-9' }, response: { status: 200, headers: {}, body: {} } },
      aDepositCall(),
    );
    await advance(stage, exchange);
    expect(forgotten).toEqual([['etats', 'facturesEtats', 'dossier:N-9']]);
    expect(kept).toEqual([]);
    expect(exchange.reply().value()).toEqual({ numeroInterne: 'N-9' });
  });
});
