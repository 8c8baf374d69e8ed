/** What is done to a request that a fault strikes. `commit-*`, `hold` and `truncate` let it take effect first. */
export type FaultKind =
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly body?: unknown; readonly retryAfterSeconds?: number }
  | { readonly kind: 'reset-before-read' }
  | { readonly kind: 'commit-then-reset' }
  | {
      readonly kind: 'commit-then-status';
      readonly status: number;
      readonly body?: unknown;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'hold'; readonly ms: number }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'expire-token' };

/** Which requests a fault strikes, and how often. */
export type Fault = FaultKind & {
  readonly opcoId?: string;
  readonly method?: string;
  /** Path after the OPCO's slug, such as `/v1/dossiers`; a `*` at its end takes all that begins so. */
  readonly path?: string;
  /** How many requests it strikes before it is used up; without end when absent. */
  readonly times?: number;
};

const needsMs = new Set(['latency', 'hold']);
const needsStatus = new Set(['status', 'commit-then-status']);
const bare = new Set(['reset-before-read', 'commit-then-reset', 'truncate', 'expire-token']);

/** Whether what a control call brought is a fault. */
export function isFault(value: unknown): value is Fault {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, ms, status } = value as { kind?: unknown; ms?: unknown; status?: unknown };
  if (typeof kind !== 'string') return false;
  if (needsMs.has(kind)) return typeof ms === 'number' && ms >= 0;
  if (needsStatus.has(kind)) return Number.isInteger(status) && (status as number) >= 200 && (status as number) <= 599;
  return bare.has(kind);
}

/** The faults in force, in the order they were set: the first that matches strikes. */
export class Faults {
  #armed: { readonly fault: Fault; left: number }[] = [];

  arm(faults: readonly Fault[]): void {
    this.#armed.push(...faults.map((fault) => ({ fault, left: fault.times ?? Infinity })));
  }

  clear(): void {
    this.#armed = [];
  }

  /** How many are still armed. */
  get size(): number {
    return this.#armed.length;
  }

  /** The fault that strikes this request, counted down; undefined in the usual case. */
  strike(opcoId: string, method: string, path: string): Fault | undefined {
    if (this.#armed.length === 0) return undefined;
    const struck = this.#armed.find(
      ({ fault }) =>
        (fault.opcoId ?? opcoId) === opcoId &&
        (fault.method ?? method) === method &&
        (fault.path === undefined || matches(fault.path, path)),
    );
    if (struck === undefined) return undefined;
    struck.left -= 1;
    if (struck.left <= 0) this.#armed = this.#armed.filter((each) => each !== struck);
    return struck.fault;
  }
}

function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
