import type { RouteOptions } from 'fastify';

/** Every path that the product serves, to tell 405 from 404. Filled while the routes are registered. */
export class KnownRoutes {
  readonly #methods = new Map<string, { readonly shape: RegExp; readonly methods: Set<string> }>();

  add({ url, method }: Pick<RouteOptions, 'url' | 'method'>): void {
    const known = this.#methods.get(url) ?? { shape: shapeOf(url), methods: new Set() };
    for (const name of [method].flat()) known.methods.add(name);
    this.#methods.set(url, known);
  }

  /** The methods that a path answers to, sorted; none for a path that is not ours. */
  methodsOf(path: string): string[] {
    const found = new Set<string>();
    for (const { shape, methods } of this.#methods.values()) {
      if (shape.test(path)) for (const method of methods) found.add(method);
    }
    return [...found].sort();
  }
}

/** `/:opcoId/jobs/:id` and `/docs/*` as a pattern of whole segments. */
function shapeOf(url: string): RegExp {
  const segments = url.split('/').map((segment) => {
    if (segment === '*') return '.*';
    return segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${segments.join('/')}$`);
}
