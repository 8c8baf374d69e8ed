import fc from 'fast-check';
import { tenantHashOf } from '../core/tenant.js';
import { Holds } from './holds.js';

const [anna, boris] = [tenantHashOf('anna'), tenantHashOf('boris')];

describe('who is held', () => {
  let now = 0;
  let holds: Holds;
  beforeEach(() => {
    now = 0;
    holds = new Holds({ elapsed: () => now });
  });
  const refused = (tenant = anna, seconds = 60) => holds.add({ environment: 'test', tenant, ofOne: true, seconds });

  it('is one CFA alone while the OPCO refuses no other', () => {
    refused();
    expect([holds.holds('test'), holds.tenants]).toEqual([false, [anna]]);
    now = 60_000;
    expect(holds.tenants).toEqual([]);
  });

  it('is everybody of the environment once a second one is refused, until the first may try again', () => {
    refused(anna, 60);
    refused(boris, 10);
    expect([holds.holds('test'), holds.holds('live')]).toEqual([true, false]);
    now = 10_000;
    expect([holds.holds('test'), holds.tenants]).toEqual([false, [anna]]);
  });

  it('is everybody at once when the OPCO is down', () => {
    holds.add({ environment: 'live', tenant: anna, ofOne: false, seconds: 5 });
    expect([holds.holds('live'), holds.holds('test'), holds.tenants]).toEqual([true, false, []]);
  });

  it('is nobody after an hour, whatever was asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.integer({ min: 1, max: 1e9 }))), (asked) => {
        now = 0;
        holds = new Holds({ elapsed: () => now });
        for (const [ofOne, first, seconds] of asked)
          holds.add({ environment: 'test', tenant: first ? anna : boris, ofOne, seconds });
        now = 3_600_000;
        return !holds.holds('test') && holds.tenants.length === 0;
      }),
    );
  });
});
