import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { fail, type OpcoviaError } from '../../core/errors.js';
import type { InboundDecision, InboundQuota, LimitKind } from '../../hub/inbound/inbound.js';
import type { InboundLimits } from '../../hub/inbound/inbound-limits.js';
import type { Metrics } from '../../platform/metrics/metrics.js';
import { policyField, rateLimitField } from './rate-limit-fields.js';

const exhausted: Readonly<Record<LimitKind, string>> = {
  tenant: 'Le CFA a épuisé sa limite, toutes clés confondues',
  key: "Cette clé d'accès a épuisé sa limite",
};

/**
 * Counts every request of an admitted tenant and tells in every answer what is left; refuses before a byte of the body is read.
 * Runs after admission: strangers have nothing that could be counted, and open routes are counted for nobody.
 */
export function limitHook(limits: InboundLimits, metrics: Metrics) {
  const { quota } = limits;
  const policy = policyField(quota);
  const settle = (decision: InboundDecision, reply: FastifyReply): OpcoviaError | undefined => {
    const { refusal } = decision;
    const retryAfterSeconds = refusal && Math.max(1, Math.ceil(refusal.waitSeconds));
    void reply.header('ratelimit-policy', policy);
    void reply.header('ratelimit', rateLimitField(quota, decision, retryAfterSeconds));
    if (!refusal) return undefined;
    metrics.inboundRefusals.inc({ kind: refusal.by });
    return refusalOf(refusal, quota, retryAfterSeconds);
  };
  // With a callback: nearly every decision is there at once, and a promise for each would be paid for by all.
  return function limit({ tenant }: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    if (!tenant) return done();
    const decided = limits.decide(tenant);
    if (decided instanceof Promise) void decided.then((decision) => done(settle(decision, reply)));
    else done(settle(decided, reply));
  };
}

function refusalOf(
  { by }: NonNullable<InboundDecision['refusal']>,
  quota: InboundQuota,
  retryAfterSeconds = 1,
): OpcoviaError {
  const detail = `${exhausted[by]} : ${quota[by]} requêtes par minute. Réessayez dans ${retryAfterSeconds} s.`;
  return fail('RATE_LIMITED', { detail, retryAfterSeconds });
}
