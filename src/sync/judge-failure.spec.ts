import { fail } from '../core/errors.js';
import { blamesDossiers, judgeFailure } from './judge-failure.js';

describe('a failed read of a synchronisation', () => {
  it('ends it when only a person can help', () => {
    expect(judgeFailure(fail('UPSTREAM_AUTH'))).toEqual({ kind: 'fatal', code: 'UPSTREAM_AUTH' });
    expect(judgeFailure(fail('NOT_SUPPORTED'))).toEqual({ kind: 'fatal', code: 'NOT_SUPPORTED' });
  });

  it('makes it wait as long as it is told', () => {
    const wait = { kind: 'wait', seconds: 7 };
    expect(judgeFailure(fail('RATE_LIMITED', { retryAfterSeconds: 7 }))).toEqual({ ...wait, reason: 'quota' });
    const away = fail('UPSTREAM_UNAVAILABLE', { retryAfterSeconds: 7, unavailable: 'breaker' });
    expect(judgeFailure(away)).toEqual({ ...wait, reason: 'opco' });
    const nowhere = fail('UPSTREAM_UNAVAILABLE', { retryAfterSeconds: 7, unavailable: 'unconfigured' });
    expect(judgeFailure(nowhere)).toEqual({ ...wait, reason: 'configuration' });
    expect(judgeFailure(fail('OVERLOADED'))).toEqual({ kind: 'wait', reason: 'opco', seconds: 1 });
  });

  it('concerns its dossier alone when the OPCO has answered, and is tried again where that may help', () => {
    const of = (code: Parameters<typeof fail>[0]) => judgeFailure(fail(code));
    expect(of('NOT_FOUND')).toEqual({ kind: 'dossier', code: 'NOT_FOUND', retryable: true });
    expect(of('UPSTREAM_INVALID')).toEqual({ kind: 'dossier', code: 'UPSTREAM_INVALID', retryable: true });
    expect(of('UPSTREAM_REJECTED')).toEqual({ kind: 'dossier', code: 'UPSTREAM_REJECTED', retryable: false });
    expect(of('UPSTREAM_TIMEOUT')).toEqual({ kind: 'passing', code: 'UPSTREAM_TIMEOUT' });
  });
});

describe('passing failures of a batch', () => {
  const facts = { succeeded: 0, passing: 5, troubled: false, proven: false };

  it('are nobody’s fault when nothing at all went well, or the whole is in trouble', () => {
    expect(blamesDossiers(facts)).toBe(false);
    expect(blamesDossiers({ ...facts, succeeded: 9, troubled: true })).toBe(false);
  });

  it('count against their dossiers when others went well, when they are few, or when the OPCO was heard a moment ago', () => {
    expect(blamesDossiers({ ...facts, succeeded: 1 })).toBe(true);
    expect(blamesDossiers({ ...facts, passing: 2 })).toBe(true);
    expect(blamesDossiers({ ...facts, proven: true })).toBe(true);
  });
});
