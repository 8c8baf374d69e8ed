import { dialectOf } from './dialects.js';
import type { Dialect } from './dialect.js';
import type { NormRoute } from './norm-routes.js';

/**
 * Which dormant routes are turned on. A name is one of our endpoint names, or `v2` for all dormant routes of that
 * version; it opens nothing that the OPCO does not have at all.
 */
export class EnabledRoutes {
  #names = new Set<string>();

  /** `initially` are words such as `opco-2i:depositDocument`; throws on one that names nothing. */
  constructor(private readonly initially: readonly string[] = []) {
    this.reset();
  }

  reset(): void {
    this.#names.clear();
    for (const word of this.initially) {
      const [opcoId = '', name = ''] = word.split(':');
      const dialect = dialectOf(opcoId);
      if (!dialect || !this.set(dialect, name, true)) throw new Error(`${word}: no dormant route of an OPCO`);
    }
  }

  /** False when the OPCO has no route of that name. */
  set(dialect: Dialect, name: string, on: boolean): boolean {
    const known = [...dialect.routes.values()].some((route) => route.name === name || route.version === name);
    if (!known) return false;
    if (on) this.#names.add(`${dialect.id}:${name}`);
    else this.#names.delete(`${dialect.id}:${name}`);
    return true;
  }

  serves({ id }: Dialect, { dormant, name, version }: NormRoute): boolean {
    return !dormant || this.#names.has(`${id}:${name}`) || this.#names.has(`${id}:${version}`);
  }
}
