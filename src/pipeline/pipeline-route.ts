import type { EndpointName, OpcoAdapter } from '../core/endpoint.js';
import type { StageName } from '../core/stage.js';

/** Under which the settings of a route are found. */
export const PIPELINE_ROUTE = Symbol('PIPELINE_ROUTE');

/** How a route goes through the pipeline. */
export interface PipelineRoute {
  readonly endpoint: EndpointName;
  /** The last stage to run; those marked `always` run all the same. */
  readonly upTo?: StageName;
  /**
   * The question's parameters out of the route's own, where the two differ (our pages are not the OPCO's). Throws the failure that the caller gets.
   */
  readonly ask?: (raw: Readonly<Record<string, unknown>>, adapter: OpcoAdapter) => Readonly<Record<string, unknown>>;
}
