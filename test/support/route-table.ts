import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** One route as the router knows it; `path` has parameters such as `/:opcoId/jobs/:jobId`. */
export interface ServedRoute {
  readonly method: string;
  readonly path: string;
}

/**
 * Every route of a running application, from the router itself: what nobody documented is there as well. Fastify gives its table as a
 * drawing only, four columns a level.
 */
export function routeTable(app: NestFastifyApplication): readonly ServedRoute[] {
  const above: string[] = [];
  return app
    .getHttpAdapter()
    .getInstance()
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', , methods] = /^([\s│]*)[├└]── (\S*)( \(([^)]*)\))?$/.exec(line) ?? [];
      const depth = indent.length / 4;
      above[depth] = part;
      const path = above.slice(0, depth + 1).join('');
      return (methods ?? '').split(', ').flatMap((method) => (method === '' ? [] : [{ method, path }]));
    });
}
