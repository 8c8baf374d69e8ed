import type { Exchange } from '../core/exchange.js';
import { advance, type Stage } from '../core/stage.js';
import type { ReadCacheStage } from './03-read-cache/read-cache.stage.js';
import type { HttpExchanges, PipelineRequest, PipelineResponse } from './http-exchanges.js';
import type { PipelineRoute, ReadyAnswer } from './pipeline-route.js';

/** The rooms that an answer out of memory passes. */
export interface LaneRooms {
  readonly resolveAdapter: Stage;
  readonly validateRequest: Stage;
  readonly readCache: ReadCacheStage;
  readonly record: Stage;
}

/**
 * The short way of an answer that lies in the process: the same rooms as behind the interceptors, driven without waiting.
 *
 *     01 ─▶ 02 ─▶ 03, at once ──settled, and the route can answer──▶ 10 ─▶ answer
 *                     └── anything else ──▶ undefined; nothing was counted, and the interceptors begin anew
 */
export class FastLaneRunner {
  readonly #way: readonly Stage[];

  constructor(
    private readonly exchanges: HttpExchanges,
    private readonly rooms: LaneRooms,
  ) {
    const { resolveAdapter, validateRequest, readCache } = rooms;
    const { name, reads, writes } = readCache;
    this.#way = [
      resolveAdapter,
      validateRequest,
      { name, reads, writes, run: (exchange) => readCache.runAtOnce(exchange) },
    ];
  }

  /** The answer to a request, which then holds the exchange; undefined where any room would wait, refuse or doubt. Never throws. */
  run(route: PipelineRoute, request: PipelineRequest, response: PipelineResponse): ReadyAnswer | undefined {
    const exchange = this.exchanges.begin(route, request, response);
    for (const stage of this.#way) {
      if (exchange.settled) return undefined;
      void advance(stage, exchange);
    }
    const ready = exchange.peek('reply') && answerOf(route, exchange, request);
    if (!ready) return undefined;
    void advance(this.rooms.record, exchange);
    request.exchange = exchange;
    return ready;
  }
}

/** What a handler cannot make of a kept answer, the handler itself is to report. */
function answerOf(route: PipelineRoute, exchange: Exchange, { query }: PipelineRequest): ReadyAnswer | undefined {
  try {
    return route.atOnce?.(exchange, query as Readonly<Record<string, unknown>>);
  } catch {
    return undefined;
  }
}
