import { OpcoviaError } from '../core/errors.js';
import { StrangerLimit } from './stranger-limit.js';

class ManualClock {
  ms = 1_000_000;
  now = () => this.ms;
  elapsed = () => this.ms;
}

const isFound = (outcome: string) => outcome === 'found';
const refused = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (error instanceof OpcoviaError ? [error.code, error.details.retryAfterSeconds] : error),
  );

describe('the limit for strangers', () => {
  let clock: ManualClock;
  let limit: StrangerLimit;
  let lookUps: number;

  beforeEach(() => {
    clock = new ManualClock();
    limit = new StrangerLimit({ perMinute: 60, burst: 20 }, clock);
    lookUps = 0;
  });

  const ask = (outcome: string, address = 'a') =>
    limit.charge(address, () => (lookUps++, Promise.resolve(outcome)), isFound);

  it('lets the burst through, then one a second, and says truly when', async () => {
    for (let i = 0; i < 20; i++) await ask('unknown');
    expect(await refused(ask('unknown'))).toEqual(['RATE_LIMITED', 1]);
    expect(() => limit.check('a')).toThrow('RATE_LIMITED');
    expect(lookUps).toBe(20);
    clock.ms += 1000;
    expect(() => limit.check('a')).not.toThrow();
    await ask('unknown');
    expect(await refused(ask('unknown'))).toEqual(['RATE_LIMITED', 1]);
    clock.ms += 3_600_000;
    for (let i = 0; i < 20; i++) await ask('unknown');
    expect(await refused(ask('unknown'))).toEqual(['RATE_LIMITED', 1]);
  });

  it('says to come back in a minute where one a minute is the rule', async () => {
    limit = new StrangerLimit({ perMinute: 1, burst: 1 }, clock);
    await ask('unknown');
    clock.ms += 15_000;
    expect(await refused(ask('unknown'))).toEqual(['RATE_LIMITED', 45]);
  });

  it('is of one address alone', async () => {
    for (let i = 0; i < 20; i++) await ask('unknown');
    await expect(ask('unknown', 'b')).resolves.toBe('unknown');
  });

  it('never meets those whose keys are good, a thousand at once', async () => {
    const slowly = () => limit.charge('a', () => new Promise<string>((found) => setImmediate(found, 'found')), isFound);
    const outcomes = await Promise.all(Array.from({ length: 1000 }, slowly));
    expect(new Set(outcomes)).toEqual(new Set(['found']));
    await ask('unknown');
  });

  it('looks up no more than the burst for a thousand strangers at once', async () => {
    const one = () =>
      limit.charge(
        'a',
        () => (lookUps++, new Promise<string>((resolve) => setImmediate(() => resolve('unknown')))),
        isFound,
      );
    const answers = await Promise.all(Array.from({ length: 1000 }, () => refused(one())));
    expect(lookUps).toBe(20);
    expect(answers.filter(Array.isArray)).toHaveLength(980);
  });

  it('charges nothing for a PostgreSQL that does not answer, and keeps nobody waiting for it in turn', async () => {
    const away = new Error('away');
    const one = () => limit.charge('a', () => (lookUps++, Promise.reject(away)), isFound);
    const answers = await Promise.all(Array.from({ length: 100 }, () => refused(one())));
    expect(new Set(answers)).toEqual(new Set([away]));
    expect(lookUps).toBe(20);
    for (let i = 0; i < 20; i++) await ask('unknown');
  });
});
