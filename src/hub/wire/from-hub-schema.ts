import Type, { type TSchema } from 'typebox';
import {
  between,
  budget,
  calls,
  lane,
  message,
  millis,
  mostItems,
  part,
  serial,
  share,
  tenantOrNone,
  tenantPattern,
} from './to-hub-schema.js';

const word = <K extends string, T extends Record<string, TSchema>>(type: K, fields: T) =>
  message(type, { epoch: serial, n: serial, ...fields });
const rate = between(0, 1_000_000);
const reason = Type.String({ pattern: '^[A-Z_]{1,40}$' });

const byLane = part({ interactive: millis, job: millis, poll: millis, bulk: millis, ahead: millis });
const budgetWord = part({
  budget,
  rate,
  burst: rate,
  pausedMs: millis,
  waitMs: byLane,
  leastMs: Type.Optional(byLane),
  ofOne: Type.Record(Type.String({ pattern: tenantPattern }), millis, {
    additionalProperties: false,
    maxProperties: mostItems,
  }),
});

/** What a hub may say, by type. */
export const fromHub = {
  lease: word('lease', { share, askedAt: millis }),
  grant: word('grant', {
    budget,
    granted: Type.Array(part({ lane, tenant: tenantOrNone, calls }), { maxItems: mostItems }),
  }),
  limits: word('limits', { budgets: Type.Array(budgetWord, { maxItems: 100 }) }),
  revoke: word('revoke', { reason }),
  error: word('error', { code: reason }),
  ping: word('ping', {}),
} as const;
