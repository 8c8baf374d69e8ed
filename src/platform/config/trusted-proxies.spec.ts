import { parseTrustedProxies } from './trusted-proxies.js';
import { readEnv } from './read-env.js';

describe('OPCOVIA_TRUSTED_PROXIES', () => {
  it('lists networks and single addresses, of both families', () => {
    expect(parseTrustedProxies(' 10.0.0.0/8, 192.0.2.7 ,2001:db8::/32,::1 ')).toEqual([
      '10.0.0.0/8',
      '192.0.2.7',
      '2001:db8::/32',
      '::1',
    ]);
  });

  it('believes nobody when empty', () => {
    expect(parseTrustedProxies('')).toBeUndefined();
  });

  it.each([
    'proxy.example',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '::/129',
    '0.0.0.0/0',
    '::/0',
    'true',
    '10.0.0.0/-1',
  ])('stops the start at "%s"', (value) => {
    expect(() => readEnv({ OPCOVIA_TRUSTED_PROXIES: value })).toThrow('OPCOVIA_TRUSTED_PROXIES: it must list networks');
  });
});
