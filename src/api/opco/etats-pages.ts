import { Injectable } from '@nestjs/common';
import { compileContract } from '../../core/contract/check.js';
import type { EtatsUpstreamPage } from '../../core/contract/etats.js';
import { EtatsQuery, type EtatsPage } from '../../core/contract/paging.js';
import type { OpcoAdapter } from '../../core/endpoint.js';
import { fail } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import { PipelineRunner } from '../../pipeline/pipeline.runner.js';

/** Our page in the terms of an OPCO's pages of `size` rows: the pages that hold it, and where it starts in the first. */
interface Window {
  readonly first: number;
  readonly last: number;
  readonly skip: number;
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
  async cut(first: Exchange, query: EtatsQuery): Promise<EtatsPage> {
    const answer = first.reply().value() as EtatsUpstreamPage;
    const { paging } = first.read('adapter');
    if (paging.kind === 'whole') return cutRows(answer.data, query, answer.total ?? answer.data.length);
    const size = await this.pageSize(first, answer, paging.size);
    const window = windowOf(query, size);
    const rows: EtatsUpstreamPage['data'] = [];
    for (let numero = window.first; numero <= window.last; numero++) {
      const page = numero === answer.page ? answer : await this.read(first, numero);
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

  /** The size that the OPCO really uses: only its first page tells, when more rows follow it; any other page may be the last. */
  private async pageSize(first: Exchange, answer: EtatsUpstreamPage, believed: number): Promise<number> {
    const { data, total } = answer.page === 1 ? answer : await this.read(first, 1);
    const moreFollow = data.length > 0 && total !== null && data.length < total;
    return moreFollow ? data.length : Math.max(believed, data.length);
  }

  private async read(first: Exchange, numeroPage: number): Promise<EtatsUpstreamPage> {
    const exchange = await this.runner.run({ ...first.call, query: { numeroPage } });
    return exchange.reply().value() as EtatsUpstreamPage;
  }
}

function windowOf({ page, limit }: EtatsQuery, size: number): Window {
  const from = (page - 1) * limit;
  return { first: Math.floor(from / size) + 1, last: Math.floor((from + limit - 1) / size) + 1, skip: from % size };
}

function cutRows(rows: EtatsUpstreamPage['data'], { page, limit }: EtatsQuery, total: number): EtatsPage {
  return { data: rows.slice((page - 1) * limit, page * limit), page, limit, total };
}
