import { networkOf } from './network-of.js';

describe('the network of an address', () => {
  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['::FFFF:CB00:714D', '203.0.113.0/24'],
    ['2001:db8:abcd:12::1', '2001:db8:abcd::/48'],
    ['2001:0db8::7', '2001:db8::/48'],
    ['fe80::1%eth0', 'fe80::/48'],
    ['::1', '::/48'],
    ['1::8:7:6:5', '1::/48'],
    ['2001:db8:0:1:2:3:203.0.113.77', '2001:db8::/48'],
    ['0:0:7::1', '0:0:7::/48'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each(['', 'example.org', '203.0.113', '203.0.113.0/24'])('is unknown of "%s"', (address) => {
    expect(networkOf(address)).toBeUndefined();
  });
});
