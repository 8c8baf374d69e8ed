import fc from 'fast-check';
import { catalogue, fail, type ErrorCode, type SentState } from '../core/errors.js';
import { classify, decide, type Standing } from './decide.js';

const standing: Standing = {
  attempts: 1,
  maxAttempts: 3,
  backoffMs: 2000,
  credentialsWaitedMs: 0,
  credentialsPatienceMs: 86_400_000,
  opcoWaitedMs: 0,
  random: () => 0.5,
};
const answered = (code: ErrorCode, status: number, retryAfterSeconds?: number) =>
  fail(code, {
    sent: 'answered',
    upstream: { opcoId: 'opco-ep', status },
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
const after = (failure: ReturnType<typeof fail>, over: Partial<Standing> = {}) =>
  decide({ failure, sends: 1 }, { ...standing, ...over });

describe('the decision table', () => {
  it('completes what was answered', () => {
    expect(decide({ sends: 1 }, standing)).toEqual({ kind: 'completed', outcome: 'applied', why: 'completed' });
  });

  it.each([400, 404, 405, 413, 415, 422])('fails on a %i: not applied', (status) => {
    expect(after(answered('UPSTREAM_REJECTED', status))).toEqual({
      kind: 'failed',
      outcome: 'not_applied',
      why: 'rejected',
    });
  });

  it('asks for a review on a 409, since the deposit may be the one that exists', () => {
    expect(after(answered('UPSTREAM_REJECTED', 409))).toMatchObject({ kind: 'needs_review', outcome: 'unknown' });
  });

  it('asks for a review on a 2xx that cannot be read: applied, its number unknown', () => {
    expect(after(answered('UPSTREAM_INVALID', 201))).toMatchObject({ kind: 'needs_review', outcome: 'applied' });
  });

  it.each([408, 500, 502, 503, 504, 302])('asks for a review on a %i', (status) => {
    expect(after(answered('UPSTREAM_ERROR', status))).toMatchObject({ kind: 'needs_review', outcome: 'unknown' });
  });

  it('obeys Retry-After on a 429 and burns no attempt, however often', () => {
    const decision = after(answered('RATE_LIMITED', 429, 7), { attempts: 3 });
    expect(decision).toMatchObject({ kind: 'retry', countsAttempt: false, reason: 'quota' });
    expect(decision.kind === 'retry' && decision.delayMs).toBeGreaterThanOrEqual(7000);
  });

  it('waits for a breaker to close without burning an attempt', () => {
    expect(after(fail('UPSTREAM_UNAVAILABLE', { sent: 'not-sent' }), { attempts: 3 })).toMatchObject({
      kind: 'retry',
      countsAttempt: false,
      reason: 'opco',
    });
  });

  it('backs off between nothing and the doubled ceiling, and gives up with its last attempt', () => {
    const failure = fail('INTERNAL_ERROR', { sent: 'not-sent' });
    expect(after(failure, { attempts: 2, random: () => 0.999 })).toMatchObject({
      kind: 'retry',
      countsAttempt: true,
      delayMs: 0.999 * 4000,
    });
    expect(after(failure, { attempts: 2, random: () => 0 })).toMatchObject({ delayMs: 0 });
    expect(after(failure, { attempts: 50, maxAttempts: 100, random: () => 0.999 })).toMatchObject({
      delayMs: 0.999 * 300_000,
    });
    expect(after(failure, { attempts: 3 })).toEqual({ kind: 'failed', outcome: 'not_applied', why: 'exhausted' });
  });

  it.each(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT'] as const)(
    'waits for an OPCO that takes no connection (%s): longer and longer, without burning an attempt, for days',
    (code) => {
      const failure = fail(code, { sent: 'not-sent' });
      const delays = [0, 60_000, 86_400_000].map((opcoWaitedMs) => {
        const decision = after(failure, { attempts: 3, opcoWaitedMs });
        expect(decision).toMatchObject({ kind: 'retry', countsAttempt: false, reason: 'opco', why: 'unreachable' });
        return decision.kind === 'retry' && decision.delayMs;
      });
      expect(delays).toEqual([1500, 46_500, 225_000]);
      expect(after(failure, { opcoWaitedMs: 72 * 3_600_000 })).toEqual({
        kind: 'failed',
        outcome: 'not_applied',
        why: 'unreachable-expired',
      });
    },
  );

  it('tells an environment without an address from an OPCO that is down', () => {
    const failure = (unavailable: 'unconfigured' | 'breaker') =>
      fail('UPSTREAM_UNAVAILABLE', { sent: 'not-sent', unavailable });
    expect(after(failure('unconfigured'))).toMatchObject({ reason: 'configuration', why: 'unconfigured' });
    expect(after(failure('breaker'))).toMatchObject({ reason: 'opco', why: 'unreachable' });
  });

  it('waits no longer than a day, whatever was asked for', () => {
    const decision = after(answered('RATE_LIMITED', 429, 999_999_999));
    expect(decision.kind === 'retry' && decision.delayMs).toBeLessThanOrEqual(86_400_000 + 2000);
  });

  it('waits for credentials, and fails when nobody put them right', () => {
    const failure = answered('UPSTREAM_AUTH', 403);
    expect(after(failure)).toMatchObject({ kind: 'retry', reason: 'credentials', countsAttempt: false });
    expect(after(failure, { credentialsWaitedMs: 86_400_000 })).toEqual({
      kind: 'failed',
      outcome: 'not_applied',
      why: 'credentials-expired',
    });
  });

  it('fails what our own contract refuses before anything was sent', () => {
    expect(decide({ failure: fail('VALIDATION_ERROR'), sends: 0 }, standing)).toMatchObject({
      kind: 'failed',
      outcome: 'not_applied',
      why: 'invalid',
    });
  });

  it('never sends again what may have had an effect, whatever the failure', () => {
    const codes = Object.keys(catalogue) as ErrorCode[];
    const sents: (SentState | undefined)[] = ['maybe-sent', 'answered', undefined];
    fc.assert(
      fc.property(
        fc.constantFrom(...codes),
        fc.constantFrom(...sents),
        fc.integer({ min: 100, max: 599 }),
        (code, sent, status) => {
          const failure = fail(code, { ...(sent && { sent }), upstream: { opcoId: 'akto', status } });
          const report = { failure, sends: 1 };
          const decision = decide(report, standing);
          const harmless = sent === 'answered' && (code === 'RATE_LIMITED' || code === 'UPSTREAM_AUTH');
          expect(decision.kind === 'retry').toBe(harmless);
          if (decision.kind === 'failed') expect(classify(report)).toBe('rejected');
        },
      ),
    );
  });

  it('trusts its own count: without an intent nothing was sent', () => {
    const failure = fail('UPSTREAM_ERROR', { sent: 'maybe-sent' });
    expect(classify({ failure, sends: 0 })).toBe('not-sent');
    expect(classify({ failure, sends: 1 })).toBe('ambiguous');
  });
});
