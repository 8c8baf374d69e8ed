import { isIPv6 } from 'node:net';
import { ipv6Groups, mappedIpv4 } from './ipv6-groups.js';

/**
 * In whose name the calls of an address are counted: an IPv4 address itself, also when it is written as IPv6; of IPv6 the /64,
 * since one subscriber holds all of it. Anything that is no address counts as itself.
 */
export function countedAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = ipv6Groups(address);
  const mapped = mappedIpv4(groups);
  if (mapped) return mapped.join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}
