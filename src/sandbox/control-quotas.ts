import Type, { type Static } from 'typebox';
import { ControlFault, demandFit, demandOpco } from './control-bodies.js';
import { defaultQuota, quotaKinds, quotaScopes, retryAfters, type Quota } from './quotas.js';
import type { World } from './world.js';

const strict = { additionalProperties: false } as const;
const limit = Type.Integer({ minimum: 0, maximum: 1_000_000 });

const members = {
  kind: Type.Optional(Type.Enum([...quotaKinds])),
  limit,
  windowMs: Type.Optional(Type.Number({ minimum: 1, maximum: 86_400_000 })),
  burst: Type.Optional(limit),
  per: Type.Optional(Type.Enum([...quotaScopes])),
  retryAfter: Type.Optional(Type.Enum([...retryAfters])),
  fields: Type.Optional(Type.Boolean()),
  schedule: Type.Optional(
    Type.Array(Type.Object({ at: Type.Union([Type.Number(), Type.String()]), limit }, strict), { maxItems: 100 }),
  ),
};
const QuotaBody = Type.Object(members, strict);
const One = Type.Object({ opcoId: Type.String(), ...members }, strict);
const Several = Type.Object(
  { opcoId: Type.String(), quotas: Type.Array(QuotaBody, { minItems: 1, maxItems: 10 }) },
  strict,
);

/**
 * `POST /quotas`: one quota beside `opcoId`, or several under `quotas`, all of which must grant a call. They replace what
 * held before, and their counters begin anew. `at` of a schedule is a virtual instant, ISO or epoch milliseconds.
 */
export function setQuotas(world: World, body: Readonly<Record<string, unknown>>) {
  const { id: opcoId } = demandOpco(body['opcoId']);
  if (body['quotas'] !== undefined) {
    demandFit(Several, body);
    const quotas = body.quotas.map(quotaOf);
    world.quotas.set(opcoId, quotas);
    return { opcoId, quotas };
  }
  demandFit(One, body);
  const { opcoId: _named, ...one } = body;
  const quota = quotaOf(one);
  world.quotas.set(opcoId, quota);
  return { opcoId, ...quota };
}

/** `GET /quotas`: what holds at an OPCO that was asked or set, and how far each counter is. */
export function shownQuotas(world: World) {
  const counts = world.quotas.counts();
  return world.quotas.opcos().map((opcoId) => ({
    opcoId,
    quotas: world.quotas.of(opcoId),
    counters: counts.filter((count) => count.opcoId === opcoId),
  }));
}

function quotaOf({ windowMs = defaultQuota.windowMs, schedule, ...told }: Static<typeof QuotaBody>): Quota {
  const steps = schedule?.map(({ at, limit: next }) => {
    const instant = typeof at === 'number' ? at : Date.parse(at);
    if (!Number.isFinite(instant)) throw new ControlFault('schedule: an ISO time or epoch milliseconds are expected');
    return { at: instant, limit: next };
  });
  return { ...told, windowMs, ...(steps && { schedule: steps }) };
}
