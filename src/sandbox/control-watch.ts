import Type, { type Static } from 'typebox';
import { ControlFault, demandFit, demandOpco, type BodyOf } from './control-bodies.js';
import { BadFault } from './fault-words.js';
import type { FaultOrder } from './faults.js';
import { checkInvariants } from './invariants.js';
import type { World } from './world.js';

type Query = Readonly<Record<string, string>>;

const digits = Type.String({ pattern: '^[0-9]{1,15}$' });
const text = Type.String({ maxLength: 200 });
const yesNo = Type.Enum(['true', 'false']);
const LedgerQuery = Type.Object(
  {
    ...Object.fromEntries(['opcoId', 'cfa', 'route', 'method', 'decision'].map((name) => [name, Type.Optional(text)])),
    status: Type.Optional(digits),
    after: Type.Optional(digits),
    limit: Type.Optional(digits),
    committed: Type.Optional(yesNo),
    faulty: Type.Optional(yesNo),
  },
  { additionalProperties: false },
);

/** Lines of one answer when the reader does not say, and at most. */
const [usualLimit, highestLimit] = [1_000, 10_000];

/** `GET /ledger`: the `seq` of the last line is the next `after`; an empty answer is the end. */
export function readLedger(world: World, query: Query) {
  demandFit(LedgerQuery, query);
  const { status, after, limit, committed, faulty, ...equal } = query as Static<typeof LedgerQuery> & Query;
  return world.ledger.read({
    ...equal,
    ...(status !== undefined && { status: Number(status) }),
    ...(faulty !== undefined && { faulty: faulty === 'true' }),
    after: Number(after ?? 0),
    limit: Math.min(Number(limit ?? usualLimit), highestLimit) || usualLimit,
    committed: committed === 'true',
  });
}

/** `POST /invariants`: the ledger in memory held against what its reader expects. */
export const judgeLedger = (world: World, body: BodyOf<'invariants'>) =>
  checkInvariants(world.ledger.history(), {
    ...(body.expected && { expected: body.expected }),
    ...(body.windows && { windows: body.windows }),
  });

const WindowQuery = Type.Object(
  {
    opcoId: Type.Optional(text),
    limit: Type.Optional(digits),
    windowMs: Type.Optional(digits),
    perKey: Type.Optional(yesNo),
  },
  { additionalProperties: false },
);

/** `GET /invariants`: doubles, and one quota when `limit` and `windowMs` say it. */
export function glanceAtLedger(world: World, query: Query) {
  demandFit(WindowQuery, query);
  const { opcoId, limit, windowMs, perKey } = query;
  if ((limit === undefined) !== (windowMs === undefined)) throw new ControlFault('limit and windowMs go together');
  if (limit === undefined) return judgeLedger(world, {});
  const window = { limit: Number(limit), windowMs: Number(windowMs), perKey: perKey === 'true' };
  return judgeLedger(world, { windows: [{ ...window, ...(opcoId !== undefined && { opcoId }) }] });
}

/** `POST /faults`: one or many, all or none. */
export function armFaults(world: World, value: unknown) {
  const orders: unknown[] = Array.isArray(value) ? value : [value];
  try {
    const armed = world.faults.arm(orders.map(orderOf));
    return { armed: world.faults.size, ids: armed.map(({ id }) => id) };
  } catch (error) {
    throw error instanceof BadFault ? new ControlFault(error.message) : error;
  }
}

function orderOf(value: unknown): FaultOrder {
  const order = typeof value === 'string' ? { kind: value } : value;
  if (typeof order !== 'object' || order === null || Array.isArray(order))
    throw new ControlFault('A fault is an object, or a word such as "commit+rst"');
  const { opcoId } = order as { readonly opcoId?: unknown };
  if (opcoId !== undefined) demandOpco(opcoId);
  return order as FaultOrder;
}

/** `DELETE /faults/:id`. */
export function removeFault(world: World, id: string) {
  if (!world.faults.remove(Number(id))) throw new ControlFault('id: no such fault');
  return { armed: world.faults.size };
}
