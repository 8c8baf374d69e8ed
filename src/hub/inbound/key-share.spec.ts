import fc from 'fast-check';
import { aTenant } from '../../../test/support/an-exchange.js';
import { KeyShare, LimitView, holdMs } from './key-share.js';
import { requestUnits } from './level.js';

const limit = { tenant: 20, key: 10 };
const { hash, keyId } = aTenant();

function aShare(): KeyShare {
  return new KeyShare(hash, keyId, new LimitView(limit.tenant), limit.key);
}

/** A share whose order was answered with these permits, for as many requests that wait. */
function answered(granted: number, waiting = 1): KeyShare {
  const share = aShare();
  share.waiting = waiting;
  const debt = granted * requestUnits;
  share.accept(share.order(0, { ahead: true }), { granted, debts: { tenant: debt, key: debt } }, 0, 0);
  return share;
}

describe('the permits that an instance holds for a key', () => {
  it('count down by one a request, in both limits, and never below nothing', () => {
    const share = answered(4);
    expect(Array.from({ length: 4 }, () => share.spend(1)?.remaining)).toEqual([
      { tenant: 19, key: 9 },
      { tenant: 18, key: 8 },
      { tenant: 17, key: 7 },
      { tenant: 16, key: 6 },
    ]);
    expect(share.spend(1)).toBeUndefined();
  });

  it('are spent no more once they are old, and go back with the next order', () => {
    const share = answered(4);
    expect(share.spend(holdMs)).toBeUndefined();
    expect(share.order(holdMs, { ahead: true })).toMatchObject({ kept: 0, back: 4 });
    expect(share.key.held).toBe(0);
  });

  it('stay, and are named, when more are ordered in time', () => {
    expect(answered(4).order(1000, { ahead: true })).toMatchObject({ kept: 4, back: 0 });
  });

  it('are lost when nobody waits for them any more: Redis counts them as spent', () => {
    const share = aShare();
    share.waiting = 3;
    const order = share.order(0, { ahead: true });
    share.waiting = 0;
    share.accept(order, { granted: 5, debts: { tenant: 5 * requestUnits, key: 5 * requestUnits } }, 0, 0);
    expect(share.key.held).toBe(2);
  });

  it('are refused by the limit that is longest empty, without asking again until then', () => {
    const share = aShare();
    share.waiting = 1;
    const order = share.order(0, { ahead: true });
    share.accept(order, { granted: 0, debts: { tenant: 20 * requestUnits, key: 10 * requestUnits } }, 0, 0);
    share.waiting = 0;
    expect(share.spend(0)).toEqual({
      remaining: { tenant: 0, key: 0 },
      refusal: { by: 'key', waitSeconds: 6 },
    });
    expect(share.spend(5999)?.refusal?.waitSeconds).toBeCloseTo(0.001);
    expect(share.spend(6000)).toBeUndefined();
  });

  it('alone, keep to both limits whatever the rhythm, and a wait is true', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 120, size: 'max' }), (pauses) => {
        const share = aShare();
        let [now, admitted] = [0, 0];
        for (const ms of pauses) {
          now += ms;
          const { refusal, remaining } = share.spendAlone(now);
          expect(Math.min(remaining.key, remaining.tenant)).toBeGreaterThanOrEqual(0);
          if (!refusal) admitted += 1;
          else {
            now += Math.ceil(refusal.waitSeconds * 1000);
            expect(share.spendAlone(now).refusal).toBeUndefined();
            admitted += 1;
          }
        }
        expect(admitted).toBeLessThanOrEqual(limit.key + (limit.key * now) / 60_000 + 1e-9);
      }),
    );
  });

  it('tell Redis later what was let in alone, less what has drained, once', () => {
    const share = aShare();
    for (let n = 0; n < 8; n += 1) share.spendAlone(0);
    const order = share.order(12_000, { ahead: true });
    // 12 s drain 2 of the key's 10 a minute, 4 of the tenant's 20.
    expect(order.owed).toEqual({ tenant: 4, key: 6 });
    expect(share.order(12_000, { ahead: true }).owed).toEqual({ tenant: 0, key: 0 });
    share.unanswered(order);
    expect(share.order(12_000, { ahead: true }).owed).toEqual({ tenant: 4, key: 6 });
  });
});
