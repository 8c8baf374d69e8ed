import { everyRead } from '../core/cache-address.js';
import type { TenantHash } from '../core/tenant.js';
import type { ForgetNotice } from './forget-bus.js';

/** Above this, what is lost for one tenant at one OPCO becomes one forget of all its reads there: memory stays bounded, nothing old comes back. */
const mostEntities = 100;

/** The forgets that the shared store has not confirmed; what they name is not to be believed meanwhile. */
export class UnsentForgets {
  readonly #scopes = new Map<string, Set<ForgetNotice>>();

  get empty(): boolean {
    return this.#scopes.size === 0;
  }

  /** A forget that is about to be sent. */
  add(notice: ForgetNotice): void {
    const scope = scopeOf(notice.opcoId, notice.tenant);
    this.#scopes.set(scope, (this.#scopes.get(scope) ?? new Set()).add(notice));
  }

  /** The store has confirmed it; nothing if it has since been merged into a lost one, which is still to be sent. */
  confirm(notice: ForgetNotice): void {
    const scope = scopeOf(notice.opcoId, notice.tenant);
    const notices = this.#scopes.get(scope);
    notices?.delete(notice);
    if (notices?.size === 0) this.#scopes.delete(scope);
  }

  /** The store gave no answer: kept until it does, as one with all others of its tenant at its OPCO. */
  lose({ opcoId, tenant }: ForgetNotice): void {
    const scope = scopeOf(opcoId, tenant);
    const all = new Set([...(this.#scopes.get(scope) ?? [])].flatMap(({ entities }) => entities));
    const entities = all.size > mostEntities ? [everyRead] : [...all];
    this.#scopes.set(scope, new Set([{ opcoId, tenant, entities }]));
  }

  /** Whether one of the entities waits to be forgotten. */
  has(opcoId: string, tenant: TenantHash, entities: readonly string[]): boolean {
    const notices = [...(this.#scopes.get(scopeOf(opcoId, tenant)) ?? [])];
    return notices.some((notice) => notice.entities.some((entity) => entities.includes(entity)));
  }

  /** What is still to be sent. */
  list(): ForgetNotice[] {
    return [...this.#scopes.values()].flatMap((notices) => [...notices]);
  }
}

function scopeOf(opcoId: string, tenant: TenantHash): string {
  return `${opcoId} ${tenant}`;
}
