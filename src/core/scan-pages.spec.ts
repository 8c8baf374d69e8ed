import type { Exchange } from './exchange.js';
import { scanPages, type PagedList, type ReadPage } from './scan-pages.js';

type Row = { readonly numeroInterne: string };
const scanEtats = (paging: PagedList<Row>['paging'], readPage: ReadPage) =>
  scanPages<Row>({ paging, numberOf: ({ numeroInterne }) => numeroInterne }, readPage);
const row = (numeroInterne: string) => ({ numeroInterne, etat: 'TRANSMIS' });
const page = (numeros: string[], total: number | null, at: number) =>
  ({ reply: () => ({ value: () => ({ data: numeros.map(row), total, page: at }) }) }) as unknown as Exchange;

/** Scans pages given as lists of numbers; tells what was found, what was asked, and how it ended. */
async function scan(
  pages: string[][],
  { total = null as number | null, paging = { kind: 'pages' as const, size: 2 } } = {},
) {
  const asked: object[] = [];
  const found: string[] = [];
  const readPage = async (query: { numeroPage?: number }) => {
    asked.push(query);
    const at = query.numeroPage ?? 1;
    return page(pages[at - 1] ?? [], total, at);
  };
  let ended: unknown;
  try {
    const rows = scanEtats(paging, readPage);
    let next = await rows.next();
    for (; !next.done; next = await rows.next()) found.push(...next.value.map((each) => each.numeroInterne));
    ended = next.value ? 'complete' : 'incomplete';
  } catch (error) {
    ended = (error as { code: string }).code;
  }
  return { found, asked: asked.length, ended };
}

describe('scanPages', () => {
  it('asks once, without a page, where everything comes in one array', async () => {
    const queries: object[] = [];
    const rows = scanEtats({ kind: 'whole' }, async (query) => {
      queries.push(query);
      return page(['a', 'b', 'a'], 3, 1);
    });
    expect((await rows.next()).value).toEqual([row('a'), row('b')]);
    expect((await rows.next()).done).toBe(true);
    expect(queries).toEqual([{}]);
  });

  it('ends at the total, at a short page or at an empty one', async () => {
    expect(await scan([['a', 'b'], ['c', 'd']], { total: 4 })).toEqual({ found: ['a', 'b', 'c', 'd'], asked: 2, ended: 'complete' }); // prettier-ignore
    expect(await scan([['a', 'b'], ['c']])).toEqual({ found: ['a', 'b', 'c'], asked: 2, ended: 'complete' });
    expect(await scan([['a', 'b']], { total: 9 })).toEqual({ found: ['a', 'b'], asked: 2, ended: 'incomplete' });
    expect(await scan([])).toEqual({ found: [], asked: 1, ended: 'complete' });
  });

  it('does not believe the size that the adapter guesses: without a total a page ends the list that is shorter than the first', async () => {
    const paging = { kind: 'pages' as const, size: 100 };
    expect(await scan([['a', 'b'], ['c', 'd'], ['e']], { paging })).toMatchObject({ found: ['a', 'b', 'c', 'd', 'e'], asked: 3 }); // prettier-ignore
    expect(await scan([['a']], { paging })).toEqual({ found: ['a'], asked: 2, ended: 'complete' });
  });

  it('goes on past a short page while the total is not reached', async () => {
    expect((await scan([['a'], ['b', 'c']], { total: 3 })).found).toEqual(['a', 'b', 'c']);
  });

  it('gives a row that slid to the next page once', async () => {
    expect(
      (
        await scan(
          [
            ['a', 'b'],
            ['b', 'c'],
          ],
          { total: 3 },
        )
      ).found,
    ).toEqual(['a', 'b', 'c']);
  });

  it('throws when a page is repeated, after what came before it', async () => {
    expect(await scan([['a', 'b'], ['a', 'b']], { total: 4 })).toEqual({ found: ['a', 'b'], asked: 2, ended: 'UPSTREAM_INVALID' }); // prettier-ignore
  });
});
