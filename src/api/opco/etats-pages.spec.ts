import fc from 'fast-check';
import { systemClock } from '../../core/clock.js';
import type { OpcoAdapter } from '../../core/endpoint.js';
import { Exchange, type Call, type Reply } from '../../core/exchange.js';
import type { PipelineRunner } from '../../pipeline/pipeline.runner.js';
import { askEtats, EtatsPages, readEtatsQuery } from './etats-pages.js';

/** An OPCO of `total` dossiers that gives pages of `size` rows, whatever we believe. */
function opcoOf(total: number, size: number) {
  const run = (call: Pick<Call, 'query'>) => {
    const page = Number(call.query['numeroPage']);
    const rows = Array.from({ length: total }, (_, n) => ({ numeroInterne: String(n), etat: 'TRANSMIS' }));
    const answer = { data: rows.slice((page - 1) * size, page * size), total, page };
    const exchange = new Exchange(call as Call, systemClock);
    exchange.settle({
      body: Buffer.alloc(0),
      etag: '""',
      storedAt: 0,
      ttlSeconds: 0,
      cacheStatus: 'miss',
      value: () => answer,
    } as Reply);
    return exchange;
  };
  return { run, runner: { run: (call: Call) => Promise.resolve(run(call)) } as unknown as PipelineRunner };
}

describe('our pages out of the pages of an OPCO', () => {
  const paging = { kind: 'pages', size: 100 } as const;

  async function read(opco: ReturnType<typeof opcoOf>, query: { page: number; limit: number }) {
    const first = opco.run({ query: askEtats(query, paging) });
    first.write('adapter', { paging } as OpcoAdapter);
    return new EtatsPages(opco.runner).cut<{ numeroInterne: string }>(first, query);
  }

  it('are the same rows whatever size of page the OPCO really uses', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 450 }),
        fc.constantFrom(20, 50, 99, 100, 101, 150, 500),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 200 }),
        async (total, size, page, limit) => {
          const rows = (await read(opcoOf(total, size), { page, limit })).data.map(
            ({ numeroInterne }) => numeroInterne,
          );
          const all = Array.from({ length: total }, (_, n) => String(n));
          expect(rows).toEqual(all.slice((page - 1) * limit, page * limit));
        },
      ),
      { numRuns: 1000, examples: [[250, 150, 3, 50]] },
    );
  });

  it('hold the last rows too: 150 dossiers in pages of 100', async () => {
    const page = await read(opcoOf(150, 100), { page: 3, limit: 50 });
    expect(page).toMatchObject({ page: 3, limit: 50, total: 150 });
    expect(page.data).toHaveLength(50);
  });

  it('are refused with pointers when page or limit make no sense', () => {
    for (const raw of [{ page: '0' }, { limit: '201' }, { limit: 'x' }, { other: '1' }]) {
      expect(() => readEtatsQuery(raw)).toThrow('VALIDATION_ERROR');
    }
  });
});
