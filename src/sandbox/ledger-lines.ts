import { hash } from 'node:crypto';
import { routeOf, type Asked } from './asked.js';
import type { Judged } from './gate.js';
import { tokenPath } from './token-desk.js';
import type { World } from './world.js';

/** What is written down of a request besides the verdict. */
export interface Visit {
  readonly method: string;
  /** As asked, slug included, without query. */
  readonly path: string;
  readonly query: readonly string[];
  readonly body: Buffer | undefined;
  /** Absent for a stray. */
  readonly asked?: Asked;
  /** The fault that was played, as it was spelled. */
  readonly fault?: string;
  /** Number of the request's own line, for an effect that came after its answer. */
  readonly late?: number;
}

const routeNameOf = (asked: Asked) => (asked.path === tokenPath ? 'token' : (routeOf(asked)?.name ?? null));

/** Writes a request into the ledger; gives the line's number. */
export function record(world: World, visit: Visit, { decision, cfa }: Judged): number {
  const { method, path, query, body, asked, fault, late } = visit;
  return world.ledger.append({
    time: new Date(world.clock.now()).toISOString(),
    virtualTime: new Date(world.virtual.now()).toISOString(),
    opcoId: asked?.dialect.id ?? null,
    route: asked ? routeNameOf(asked) : null,
    cfa: cfa?.fingerprint ?? null,
    method,
    path,
    query,
    status: decision.status,
    decision: decision.decision,
    committed: decision.effect ?? null,
    key: decision.key === undefined ? null : hash('sha256', decision.key).slice(0, 16),
    fault: fault ?? null,
    ...(late !== undefined && { late }),
    body: body !== undefined && body.length > 0 ? hash('sha256', body) : null,
  });
}
