import { Injectable } from '@nestjs/common';
import { compileContract } from '../../core/contract/check.js';
import { EtatsQuery } from '../../core/contract/paging.js';
import type { OpcoAdapter } from '../../core/endpoint.js';
import { fail } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import { etagOf } from '../../core/reply.js';
import { PipelineRunner } from '../../pipeline/pipeline.runner.js';
import type { ReadyAnswer } from '../../pipeline/through-pipeline.decorator.js';

/** Our page in the terms of an OPCO's pages of `size` rows: the pages that hold it, and where it starts in the first. */
interface Window {
  readonly first: number;
  readonly last: number;
  readonly skip: number;
}

/** A page as an OPCO gives it, in our words. */
interface UpstreamPage<Row> {
  readonly data: readonly Row[];
  readonly page: number;
  readonly total: number | null;
}

/** A page of ours. */
interface OurPage<Row> {
  data: Row[];
  page: number;
  limit: number;
  total: number | null;
}

/** Reads `page` and `limit` as the integrator sent them; throws VALIDATION_ERROR with pointers. */
export function readEtatsQuery(raw: Readonly<Record<string, unknown>>): EtatsQuery {
  const numbered = Object.fromEntries(
    Object.entries({ page: '1', limit: '50', ...raw }).map(([name, value]) => [
      name,
      typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
    ]),
  );
  const findings = compileContract(EtatsQuery).check(numbered);
  if (findings.length > 0) {
    throw fail('VALIDATION_ERROR', { findings: findings.map((f) => ({ ...f, pointer: `/query${f.pointer}` })) });
  }
  return numbered as EtatsQuery;
}

/** The question to the OPCO's first page that holds ours; `{}` for an OPCO that gives one whole array. */
export function askEtats({ page, limit }: EtatsQuery, paging: OpcoAdapter['paging']): Record<string, number> {
  return paging.kind === 'whole' ? {} : { numeroPage: windowOf({ page, limit }, paging.size).first };
}

/** Cuts our pages out of the OPCO's pages, which are what the cache keeps. */
@Injectable()
export class EtatsPages {
  constructor(private readonly runner: PipelineRunner) {}

  /** `first` is the exchange that the route ran; further upstream pages are read only when ours reaches into them. */
  async cut<Row>(first: Exchange, query: EtatsQuery): Promise<OurPage<Row>> {
    const answer = first.reply().value() as UpstreamPage<Row>;
    const { paging } = first.read('adapter');
    if (paging.kind === 'whole') return cutRows(answer, query);
    const alone = cutAlone(answer, query, paging.size);
    if (alone) return alone;
    const size = await this.pageSize(first, answer, paging.size);
    const window = windowOf(query, size);
    const rows: Row[] = [];
    for (let numero = window.first; numero <= window.last; numero++) {
      const page = numero === answer.page ? answer : await this.read<Row>(first, numero);
      rows.push(...page.data);
      if (page.data.length < size) break;
    }
    return {
      data: rows.slice(window.skip, window.skip + query.limit),
      page: query.page,
      limit: query.limit,
      total: answer.total,
    };
  }

  private async pageSize(first: Exchange, answer: UpstreamPage<unknown>, believed: number): Promise<number> {
    return sizeOf(answer.page === 1 ? answer : await this.read(first, 1), believed);
  }

  private async read<Row>(first: Exchange, numeroPage: number): Promise<UpstreamPage<Row>> {
    const exchange = await this.runner.run({ ...first.call, query: { numeroPage } });
    return exchange.reply().value() as UpstreamPage<Row>;
  }
}

function windowOf({ page, limit }: EtatsQuery, size: number): Window {
  const from = (page - 1) * limit;
  return { first: Math.floor(from / size) + 1, last: Math.floor((from + limit - 1) / size) + 1, skip: from % size };
}

/** The size that the OPCO really uses: only its first page tells, when more rows follow it; any other page may be the last. */
function sizeOf({ data, total }: UpstreamPage<unknown>, believed: number): number {
  const moreFollow = data.length > 0 && total !== null && data.length < total;
  return moreFollow ? data.length : Math.max(believed, data.length);
}

function cutRows<Row>({ data, total }: UpstreamPage<Row>, { page, limit }: EtatsQuery): OurPage<Row> {
  return { data: data.slice((page - 1) * limit, page * limit), page, limit, total: total ?? data.length };
}

/** Our page, when the OPCO's first page, which tells the size, is all it takes. */
function cutAlone<Row>(answer: UpstreamPage<Row>, query: EtatsQuery, believed: number): OurPage<Row> | undefined {
  const { data, total } = answer;
  const size = sizeOf(answer, believed);
  const { first, last, skip } = windowOf(query, size);
  if (answer.page !== 1 || first !== 1 || (last > 1 && data.length >= size)) return undefined;
  return { data: data.slice(skip, skip + query.limit), page: query.page, limit: query.limit, total };
}

/** Pages cut out of one kept answer that are remembered: what most callers ask is the first few. */
const mostCuts = 4;
/** By the bytes they were cut from: they go when the cache lets go of those. */
const cuts = new WeakMap<Buffer, Map<string, ReadyAnswer>>();

/** As `EtatsPages.cut`, in bytes and at once: undefined for a page that takes more than the kept answer. */
export function cutAtOnce(exchange: Exchange, raw: Readonly<Record<string, unknown>>): ReadyAnswer | undefined {
  const reply = exchange.reply();
  // `ask` has proved that both are absent or plain numbers.
  const name = `${String(raw['page'])} ${String(raw['limit'])}`;
  const known = cuts.get(reply.body) ?? new Map<string, ReadyAnswer>();
  const ready = known.get(name) ?? serialised(exchange, readEtatsQuery(raw));
  if (ready && known.size < mostCuts) cuts.set(reply.body, known.set(name, ready));
  return ready;
}

function serialised(exchange: Exchange, query: EtatsQuery): ReadyAnswer | undefined {
  const answer = exchange.reply().value() as UpstreamPage<unknown>;
  const { paging } = exchange.read('adapter');
  const page = paging.kind === 'whole' ? cutRows(answer, query) : cutAlone(answer, query, paging.size);
  if (!page) return undefined;
  const body = Buffer.from(JSON.stringify(page));
  return { body, etag: etagOf(body) };
}
