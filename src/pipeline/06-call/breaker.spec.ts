import { ManualClock } from '../../../test/support/an-exchange.js';
import { Breaker, type CallOutcome } from './breaker.js';
import { breakerRules, type RouteClass } from './route-class.js';

function rig(routeClass: RouteClass = 'read') {
  const clock = new ManualClock();
  const breaker = new Breaker(clock, breakerRules[routeClass]);
  const call = (outcome: CallOutcome) => {
    const admission = breaker.admit(true);
    if (admission.admitted) admission.end(outcome);
    return admission.admitted;
  };
  const calls = (times: number, outcome: CallOutcome) => Array.from({ length: times }, () => call(outcome));
  return { clock, breaker, call, calls };
}

describe('a breaker', () => {
  it('stays closed below ten calls, below half of them ill, and for failures spread over time', () => {
    const few = rig();
    few.calls(9, 'ill');
    expect(few.breaker.state).toBe('closed');
    const mostlyWell = rig();
    mostlyWell.calls(11, 'well');
    mostlyWell.calls(9, 'ill');
    expect(mostlyWell.breaker.state).toBe('closed');
    const spread = rig();
    for (let n = 0; n < 40; n += 1) (spread.call('ill'), spread.clock.pass(2));
    expect(spread.breaker.state).toBe('closed');
  });

  it('opens at ten calls of which half are ill', () => {
    const { breaker, calls } = rig();
    calls(5, 'well');
    calls(5, 'ill');
    expect(breaker.state).toBe('open');
    expect(breaker.admit(true)).toEqual({ admitted: false, retryAfterSeconds: 5 });
  });

  it('lets one probe through at a time', () => {
    const { clock, breaker, calls } = rig();
    calls(10, 'ill');
    clock.pass(5);
    expect(breaker.state).toBe('half-open');
    expect(breaker.admit(false).admitted).toBe(false);
    expect(breaker.admit(true).admitted).toBe(true);
    expect(breaker.admit(true).admitted).toBe(false);
  });

  it('waits longer after a probe that fails, and never so long that an OPCO that is back waits ten seconds', () => {
    const { clock, breaker, call, calls } = rig();
    calls(10, 'ill');
    const waits = [5, 8, 8, 8].map((seconds) => {
      clock.pass(seconds - 0.001);
      const before = breaker.state;
      clock.pass(0.001);
      return [before, breaker.state, call('ill')];
    });
    expect(waits).toEqual(waits.map(() => ['open', 'half-open', true]));
  });

  it('frees the place of a probe that came to nothing', () => {
    const { clock, breaker, call, calls } = rig();
    calls(10, 'ill');
    clock.pass(5);
    call('unknown');
    expect(breaker.state).toBe('half-open');
    expect(call('well')).toBe(true);
    expect(breaker.state).toBe('closed');
  });

  it('takes no notice of calls that began before it opened', () => {
    const { breaker, calls } = rig();
    const late = breaker.admit(true);
    calls(10, 'ill');
    if (late.admitted) late.end('well');
    expect(breaker.state).toBe('open');
  });

  it('says beforehand what it would say to a call, and takes no place for it', () => {
    const { clock, breaker, calls } = rig();
    expect(breaker.refusal(true)).toBeUndefined();
    calls(10, 'ill');
    expect(breaker.refusal(true)).toBe(5);
    clock.pass(5);
    expect([breaker.refusal(true), breaker.refusal(true), breaker.refusal(false)]).toEqual([undefined, undefined, 1]);
    expect(breaker.admit(true).admitted).toBe(true);
    expect(breaker.refusal(true)).toBe(1);
  });
});

describe('the breaker of the deposits', () => {
  it('opens at five calls in a minute of which half are ill', () => {
    const { clock, breaker, call } = rig('deposit');
    for (let n = 0; n < 4; n += 1) (call('ill'), clock.pass(10));
    expect(breaker.state).toBe('closed');
    call('ill');
    expect(breaker.state).toBe('open');
  });

  function probedWell() {
    const parts = rig('deposit');
    parts.calls(5, 'ill');
    parts.clock.pass(5);
    const probe = parts.breaker.admit(true);
    if (probe.admitted) probe.end('well');
    return parts;
  }

  it('lets deposits go one at a time after a probe, until one went well', () => {
    const { breaker } = probedWell();
    expect(breaker.state).toBe('closed');
    const trial = breaker.admit(false);
    expect(trial.admitted).toBe(true);
    expect(breaker.admit(false)).toEqual({ admitted: false, retryAfterSeconds: 1 });
    if (trial.admitted) trial.end('well');
    expect([breaker.admit(false), breaker.admit(false)]).toMatchObject([{ admitted: true }, { admitted: true }]);
  });

  it('opens again, for longer, at the first of them that fails: a read that goes well proves little about deposits', () => {
    const { breaker } = probedWell();
    const trial = breaker.admit(false);
    if (trial.admitted) trial.end('ill');
    expect(breaker.admit(false)).toEqual({ admitted: false, retryAfterSeconds: 8 });
  });

  it('goes on with trials after one that came to nothing', () => {
    const { breaker } = probedWell();
    const trial = breaker.admit(false);
    if (trial.admitted) trial.end('unknown');
    expect(breaker.admit(false).admitted).toBe(true);
    expect(breaker.admit(false).admitted).toBe(false);
  });
});
