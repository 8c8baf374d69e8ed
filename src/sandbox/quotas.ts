import type { Clock } from '../core/clock.js';
import { FixedWindow, SlidingWindow, TokenBucket, type Counter, type Verdict } from './quota-counters.js';

/** How calls are counted. */
export const quotaKinds = ['fixed', 'sliding', 'bucket'] as const;
/** Who shares a counter: the software, the CFA key whatever the software, or each key of each software apart. */
export const quotaScopes = ['client', 'cfa', 'both'] as const;
/** How a 429 tells the wait. */
export const retryAfters = ['seconds', 'date', 'none'] as const;

/** How many calls an OPCO takes. */
export interface Quota {
  /** `fixed` when absent. */
  readonly kind?: (typeof quotaKinds)[number];
  /** Calls in a window; of a bucket, what flows in during one. */
  readonly limit: number;
  /** Real milliseconds. */
  readonly windowMs: number;
  /** Of a bucket: what it holds; `limit` when absent. */
  readonly burst?: number;
  /** `client` when absent. */
  readonly per?: (typeof quotaScopes)[number];
  /** `seconds` when absent. */
  readonly retryAfter?: (typeof retryAfters)[number];
  /** Whether every answer has the fields `RateLimit` and `RateLimit-Policy`. */
  readonly fields?: boolean;
  /** Other limits from a virtual instant on, in any order. */
  readonly schedule?: readonly { readonly at: number; readonly limit: number }[];
}

/** The quotas of some OPCOs, by slug: a call must be granted by each of them. */
export type QuotasByOpco = Readonly<Record<string, Quota | readonly Quota[]>>;

/** Generous: nothing that is not looking for a 429 meets one. */
export const defaultQuota: Quota = { limit: 50, windowMs: 1000 };

/** Who calls; `cfa` is the fingerprint of the key, undefined for one that the OPCO does not know. */
export interface Caller {
  readonly client: string;
  readonly cfa: string | undefined;
}

/** What becomes of a call, and the header fields that its answer gets, whatever the answer. */
export interface QuotaAnswer {
  readonly granted: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** One counter as a reader sees it. */
export interface QuotaCount {
  readonly opcoId: string;
  /** Rank of the quota among those of its OPCO, from 0. */
  readonly quota: number;
  readonly client: string | null;
  readonly cfa: string | null;
  /** In force now. */
  readonly limit: number;
  readonly left: number;
  readonly granted: number;
  readonly refused: number;
}

interface Counted {
  readonly caller: Pick<QuotaCount, 'client' | 'cfa'>;
  readonly counter: Counter;
  granted: number;
  refused: number;
}

interface Rule {
  readonly quota: Quota;
  /** Latest first. */
  readonly steps: readonly { readonly at: number; readonly limit: number }[];
  readonly counters: Map<string, Counted>;
}

/** Counts on real time, as clients do; limits that move do so under the virtual clock. */
export class Quotas {
  #rules = new Map<string, readonly Rule[]>();

  /** `initially` is what holds from the start and again after each reset. */
  constructor(
    private readonly clock: Clock,
    private readonly virtual: Pick<Clock, 'now'>,
    private readonly initially: QuotasByOpco = {},
  ) {
    this.clear();
  }

  /** Replaces the quotas of an OPCO; its counters begin anew. */
  set(opcoId: string, quotas: Quota | readonly Quota[]): void {
    this.#rules.set(opcoId, [quotas].flat().map(ruleOf));
  }

  clear(): void {
    this.#rules.clear();
    for (const [opcoId, quotas] of Object.entries(this.initially)) this.set(opcoId, quotas);
  }

  /** Takes one call: from all counters that it falls under, or from none. */
  take(opcoId: string, caller: Caller): QuotaAnswer {
    const now = this.clock.now();
    const asked = this.#rulesOf(opcoId).map((rule) => {
      const counted = countedOf(rule, caller);
      return { rule, counted, verdict: counted.counter.ask(now, this.#limit(rule)) };
    });
    const granted = asked.every(({ verdict }) => verdict.granted);
    let headers: Record<string, string> = {};
    for (const { rule, counted, verdict } of asked) {
      if (granted) {
        counted.counter.take(now);
        counted.granted += 1;
      } else if (!verdict.granted) counted.refused += 1;
      if (rule.quota.fields)
        headers = { ...headers, ...fields(rule.quota, this.#limit(rule), { counted, verdict, now }) };
    }
    if (granted) return { granted, headers };
    return {
      granted,
      headers: {
        ...headers,
        ...retryAfter(
          asked.filter(({ verdict }) => !verdict.granted),
          now,
        ),
      },
    };
  }

  /** The quotas of an OPCO as they were set. */
  of(opcoId: string): readonly Quota[] {
    return this.#rulesOf(opcoId).map(({ quota }) => quota);
  }

  /** The OPCOs that were asked or have a quota of their own. */
  opcos(): readonly string[] {
    return [...this.#rules.keys()];
  }

  /** Every counter that has been asked. */
  counts(): readonly QuotaCount[] {
    const now = this.clock.now();
    return [...this.#rules].flatMap(([opcoId, rules]) =>
      rules.flatMap((rule, quota) =>
        [...rule.counters.values()].map(({ caller, counter, granted, refused }) => {
          const limit = this.#limit(rule);
          return { opcoId, quota, ...caller, limit, left: counter.left(now, limit), granted, refused };
        }),
      ),
    );
  }

  #rulesOf(opcoId: string): readonly Rule[] {
    const known = this.#rules.get(opcoId);
    if (known) return known;
    const rules = [ruleOf(defaultQuota)];
    this.#rules.set(opcoId, rules);
    return rules;
  }

  #limit({ quota, steps }: Rule): number {
    if (steps.length === 0) return quota.limit;
    const now = this.virtual.now();
    return steps.find(({ at }) => at <= now)?.limit ?? quota.limit;
  }
}

function ruleOf(quota: Quota): Rule {
  return { quota, steps: [...(quota.schedule ?? [])].sort((one, other) => other.at - one.at), counters: new Map() };
}

/** Unknown keys share one counter: nobody can fill the memory with keys. */
function countedOf({ quota, counters }: Rule, { client, cfa = 'inconnue' }: Caller): Counted {
  const { per = 'client' } = quota;
  const caller = { client: per === 'cfa' ? null : client, cfa: per === 'client' ? null : cfa };
  const key = `${caller.client ?? ''} ${caller.cfa ?? ''}`;
  const known = counters.get(key);
  if (known) return known;
  const counted = { caller, counter: counterOf(quota), granted: 0, refused: 0 };
  counters.set(key, counted);
  return counted;
}

function counterOf({ kind, limit, windowMs, burst, schedule = [] }: Quota): Counter {
  if (kind === 'bucket') return new TokenBucket(windowMs, burst ?? limit);
  if (kind === 'sliding') return new SlidingWindow(windowMs, Math.max(limit, ...schedule.map((step) => step.limit)));
  return new FixedWindow(windowMs);
}

const seconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));

/** The fields of draft-ietf-httpapi-ratelimit-headers: what holds, and what is left of it after this call. */
function fields(
  quota: Quota,
  limit: number,
  { counted, verdict, now }: { readonly counted: Counted; readonly verdict: Verdict; readonly now: number },
): Record<string, string> {
  const name = `"${quota.per ?? 'client'}"`;
  return {
    'ratelimit-policy': `${name};q=${limit};w=${seconds(quota.windowMs)}`,
    ratelimit: `${name};r=${counted.counter.left(now, limit)};t=${seconds(verdict.waitMs)}`,
  };
}

/** The longest wait, in the way of the quota that demands it. */
function retryAfter(refusing: readonly { rule: Rule; verdict: Verdict }[], now: number): Record<string, string> {
  const [longest] = [...refusing].sort((one, other) => other.verdict.waitMs - one.verdict.waitMs);
  const way = longest?.rule.quota.retryAfter ?? 'seconds';
  if (!longest || way === 'none') return {};
  const { waitMs } = longest.verdict;
  // A date has whole seconds: the next one after the wait, or it would be over too early.
  const date = new Date(Math.ceil((now + waitMs) / 1000) * 1000).toUTCString();
  return { 'retry-after': way === 'date' ? date : String(seconds(waitMs)) };
}
