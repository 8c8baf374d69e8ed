import type { RouteBody } from './request-body.js';
import type { queryOf, SharedParameter } from './request-parameters.js';

/** What the document takes from a route's note once Nest has drawn its operation. */
export interface LateNote {
  readonly body?: RouteBody;
  readonly query: ReturnType<typeof queryOf>;
  readonly headers: readonly SharedParameter[];
}

/** By operationId, filled while the controllers are decorated. */
export const routeNotes = new Map<string, LateNote>();

/** The name of an operation, out of the names of its controller and its handler: `jobs_view`. */
export function operationIdOf(controller: string, handler: string): string {
  return `${controller.replace(/Controller$/, '').toLowerCase()}_${handler}`;
}
