import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { BacklogGate } from '../../queue/backlog-gate.js';
import { readIdempotencyKey } from '../../queue/idempotency.js';
import { wantsDryRun } from '../opco/dry-run.js';

/** Refuses deposits while too many wait already, before a byte of the body is read; a dry run makes none and passes. */
export function backlogHook(gate: Pick<BacklogGate, 'refusal'>) {
  return function refuseBacklog(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
    const { tenant, routeOptions, query, headers } = request;
    if (!tenant || routeOptions.config.takesFiles !== true || wantsDryRun(query)) return done();
    const refused = gate.refusal(tenant.hash, keyIn(headers['idempotency-key']));
    if (refused instanceof Promise) void refused.then((error) => done(error), done);
    else done(refused);
  };
}

/** A key that cannot be read is refused later, with its own reason. */
function keyIn(field: string | string[] | undefined): string | undefined {
  try {
    return readIdempotencyKey(field);
  } catch {
    return undefined;
  }
}
