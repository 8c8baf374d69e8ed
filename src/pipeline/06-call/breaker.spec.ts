import { ManualClock } from '../../../test/support/an-exchange.js';
import { Breaker, type CallOutcome } from './breaker.js';

function rig() {
  const clock = new ManualClock();
  const breaker = new Breaker(clock);
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

  it('waits twice as long after each probe that fails, up to a minute', () => {
    const { clock, breaker, call, calls } = rig();
    calls(10, 'ill');
    const waits = [5, 10, 20, 40, 60, 60].map((seconds) => {
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
});
