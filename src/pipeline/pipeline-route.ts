import type { EndpointName, OpcoAdapter } from '../core/endpoint.js';
import type { Exchange } from '../core/exchange.js';
import type { StageName } from '../core/stage.js';

/** Under which the settings of a route are found. */
export const PIPELINE_ROUTE = Symbol('PIPELINE_ROUTE');

/** The body of an answer as it goes out; `etag` where it is not the reply's own. */
export interface ReadyAnswer {
  /** UTF-8 JSON. */
  readonly body: Buffer;
  readonly etag?: string;
}

/** How a route goes through the pipeline. */
export interface PipelineRoute {
  readonly endpoint: EndpointName;
  /** Judges the whole of a composite deposit, of which the endpoint is the first step. */
  readonly composite?: true;
  /** The last stage to run; those marked `always` run all the same. */
  readonly upTo?: StageName;
  /**
   * The question's parameters out of the route's own, where the two differ (our pages are not the OPCO's). Throws the failure that the caller gets.
   */
  readonly ask?: (raw: Readonly<Record<string, unknown>>, adapter: OpcoAdapter) => Readonly<Record<string, unknown>>;
  /**
   * What the handler would answer out of a kept reply, in bytes and at once; undefined where the handler would have to wait. A
   * route that has it may be answered by the fast lane, before the interceptors.
   */
  readonly atOnce?: (exchange: Exchange, raw: Readonly<Record<string, unknown>>) => ReadyAnswer | undefined;
}
