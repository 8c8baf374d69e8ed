import { hash } from 'node:crypto';
import { routeOf, type Asked } from './asked.js';
import type { SandboxCfa } from './cfa.js';
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

/** The CFA of a request that a fault kept from the gate: its calls count for its key all the same. */
function callerOf(world: World, asked: Asked | undefined): SandboxCfa | undefined {
  const apiKey = asked?.headers['x-api-key'];
  return asked && typeof apiKey === 'string' ? world.cfa(asked.dialect.id, apiKey) : undefined;
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
    cfa: (cfa ?? callerOf(world, asked))?.fingerprint ?? null,
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
