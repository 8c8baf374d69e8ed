/** Decayed counts of one tenant's calls, or of all. */
interface Count {
  readonly accepted: number;
  readonly throttled: number;
  readonly at: number;
}

/** Who was refused, and who was served, in the last seconds. */
export interface Attribution {
  readonly all: Count;
  readonly tenants: ReadonlyMap<string, Count>;
}

/** Nobody has called yet. */
export const nobody: Attribution = { all: { accepted: 0, throttled: 0, at: 0 }, tenants: new Map() };

const memoryMs = 10_000;
/** So many refusals of one tenant alone, while so many calls of others pass, are that tenant's own. */
const enoughRefusals = 2.5;
const enoughOthers = 4;
const mostTenants = 1000;

/** Notes what became of calls of a tenant. */
export function noted(
  before: Attribution,
  call: { readonly tenant: string; readonly accepted?: number; readonly throttled?: number },
  now: number,
): Attribution {
  const tenants = new Map(before.tenants);
  tenants.set(call.tenant, added(tenants.get(call.tenant), call, now));
  if (tenants.size > mostTenants) for (const [name, { at }] of tenants) if (now - at > memoryMs) tenants.delete(name);
  return { all: added(before.all, call, now), tenants };
}

function added(count: Count | undefined, call: { accepted?: number; throttled?: number }, now: number): Count {
  const left = count ? Math.exp(-Math.max(0, now - count.at) / memoryMs) : 0;
  return {
    accepted: (count?.accepted ?? 0) * left + (call.accepted ?? 0),
    throttled: (count?.throttled ?? 0) * left + (call.throttled ?? 0),
    at: now,
  };
}

/**
 * Whether the refusals of late are this tenant's own, at the key that it has with the OPCO: it is refused again and again while
 * others are not, and they do call. Then the budget of all stays as it is, and the tenant's own is cut.
 */
export function ownStorm({ all, tenants }: Attribution, tenant: string, now: number): boolean {
  const own = added(tenants.get(tenant), {}, now);
  const total = added(all, {}, now);
  const others = { accepted: total.accepted - own.accepted, throttled: total.throttled - own.throttled };
  return own.throttled >= enoughRefusals && others.accepted >= enoughOthers && others.throttled <= own.throttled * 0.1;
}
