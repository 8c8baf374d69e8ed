import { fail, type OpcoviaError } from '../core/errors.js';
import type { Call } from '../core/exchange.js';
import { aCall, aTenant, ManualClock } from '../../test/support/an-exchange.js';
import { KeyTrust } from './key-trust.js';

function rig() {
  const clock = new ManualClock();
  const waits: (() => void)[] = [];
  const trust = new KeyTrust(clock, () => new Promise<void>((resolve) => waits.push(resolve)));
  const asked: Call[] = [];
  let failure: OpcoviaError | undefined;
  trust.askThrough((call) => {
    asked.push(call);
    return Promise.resolve({ failure });
  });
  return { clock, trust, asked, waits, failBy: (next: OpcoviaError | undefined) => (failure = next) };
}

const call = aCall();
const tenant = call.tenant.hash;

describe('the trust in the key of a CFA', () => {
  it('lasts less than a minute after the OPCO accepted it, at that OPCO and for that CFA', () => {
    const { clock, trust } = rig();
    expect(trust.holds('akto', tenant)).toBe(false);
    trust.accepted('akto', tenant);
    expect(trust.holds('akto', tenant)).toBe(true);
    expect(trust.holds('afdas', tenant)).toBe(false);
    expect(trust.holds('akto', aTenant('another').hash)).toBe(false);
    clock.pass(60);
    expect(trust.holds('akto', tenant)).toBe(false);
  });

  it('is won back by one question for all who wonder at the same time, past every cache', async () => {
    const { trust, asked } = rig();
    await Promise.all([trust.prove(call), trust.prove(call), trust.prove(call)]);
    expect(asked).toMatchObject([
      { endpoint: 'status', opcoId: 'akto', tenant: call.tenant, cache: { noCache: true } },
    ]);
    expect(trust.holds('akto', tenant)).toBe(true);
  });

  it('is lost by a refusal, for all who wonder', async () => {
    const { trust, failBy } = rig();
    failBy(fail('UPSTREAM_AUTH', { upstream: { opcoId: 'akto', status: 403 } }));
    const outcomes = await Promise.allSettled([trust.prove(call), trust.prove(call)]);
    expect(outcomes).toMatchObject([{ reason: { code: 'UPSTREAM_AUTH' } }, { reason: { code: 'UPSTREAM_AUTH' } }]);
    expect(trust.holds('akto', tenant)).toBe(false);
    failBy(undefined);
    await expect(trust.prove(call)).resolves.toBeUndefined();
  });

  it.each(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE', 'RATE_LIMITED'] as const)(
    'stands when the OPCO cannot say: %s',
    async (code) => {
      const { trust, failBy } = rig();
      failBy(fail(code));
      await trust.prove(call);
      expect(trust.holds('akto', tenant)).toBe(true);
    },
  );

  it('stands, and keeps nobody waiting, when the OPCO does not answer in time; a late refusal still counts', async () => {
    const clock = new ManualClock();
    const waits: (() => void)[] = [];
    const trust = new KeyTrust(clock, () => new Promise<void>((resolve) => waits.push(resolve)));
    let answer: (outcome: { failure: OpcoviaError | undefined }) => void = () => undefined;
    trust.askThrough(() => new Promise((resolve) => (answer = resolve)));
    const first = trust.prove(call);
    waits[0]?.();
    await first;
    clock.pass(1);
    await trust.prove(call);
    expect(waits).toHaveLength(1);
    answer({ failure: fail('UPSTREAM_AUTH') });
    await new Promise((resolve) => setImmediate(resolve));
    expect(trust.holds('akto', tenant)).toBe(false);
  });
});
