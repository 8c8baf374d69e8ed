import { fail } from '../../core/errors.js';
import { advance } from '../../core/stage.js';
import { aCall, anExchange, readSlots } from '../../../test/support/an-exchange.js';
import type { Reply } from '../../core/exchange.js';
import { replyOf } from '../../core/reply.js';
import type { UpstreamCallEntry } from '../../core/upstream-call.js';
import { RecordStage, type ObservedExchange } from './record.stage.js';

function rig(broken = false) {
  const rows: UpstreamCallEntry[] = [];
  const observed: ObservedExchange[] = [];
  const hits: string[] = [];
  const stage = new RecordStage(
    {
      recordUpstreamCall: (row) => (broken ? Promise.reject(new Error('down')) : Promise.resolve(void rows.push(row))),
    },
    { count: (_tenant, opcoId, path) => hits.push(`${opcoId}${path}`) },
    { observe: (exchange) => observed.push(exchange) },
  );
  return { stage, rows, observed, hits };
}

const replied = (how: Reply['cacheStatus']) =>
  replyOf({ body: Buffer.from('{}'), etag: '"e"', storedAt: 0, ttlSeconds: 1 }, how);
const reply = replied('hit');

describe('record', () => {
  it('counts a hit and writes no row for it', async () => {
    const { stage, rows, observed, hits } = rig();
    const exchange = anExchange(readSlots());
    exchange.settle(reply);
    await advance(stage, exchange);
    expect(observed).toMatchObject([
      { opcoId: 'akto', endpoint: 'dossier', outcome: 'ok', cache: 'hit', upstreamCalls: 0 },
    ]);
    expect([rows, hits]).toEqual([[], ['akto/dossiers']]);
  });

  it.each([
    ['stale', 1],
    ['miss', 0],
    ['bypass', 0],
  ] as const)('counts an answer without a call as a hit only where the cache gave it: %s', async (how, counted) => {
    const { stage, hits } = rig();
    const exchange = anExchange(readSlots());
    exchange.settle(replied(how));
    await advance(stage, exchange);
    expect(hits).toHaveLength(counted);
  });

  it('writes one row for a failed exchange that went upstream, without any value of the question', async () => {
    const { stage, rows } = rig();
    const exchange = anExchange(readSlots());
    exchange.upstreamCalls = 2;
    exchange.fail(fail('UPSTREAM_ERROR', { upstream: { opcoId: 'akto', status: 503 } }));
    await advance(stage, exchange);
    expect(rows).toMatchObject([
      { path: '/dossiers', upstreamCalls: 2, upstreamStatus: 503, failure: 'UPSTREAM_ERROR' },
    ]);
    expect(JSON.stringify(rows)).not.toContain('N-1');
  });

  it('labels an unknown OPCO as such', async () => {
    const { stage, observed } = rig();
    const exchange = anExchange({}, aCall({ opcoId: 'whatever-a-caller-writes' }));
    exchange.fail(fail('UNKNOWN_OPCO'));
    await advance(stage, exchange);
    expect(observed[0]?.opcoId).toBe('unknown');
  });

  it('holds no answer back when the row cannot be written', async () => {
    const { stage } = rig(true);
    const exchange = anExchange(readSlots());
    exchange.upstreamCalls = 1;
    exchange.settle(reply);
    await advance(stage, exchange);
    expect(exchange.reply()).toBe(reply);
  });
});
