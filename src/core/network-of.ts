import { isIPv4, isIPv6 } from 'node:net';
import { ipv6Groups, mappedIpv4 } from './ipv6-groups.js';

/**
 * The network that an address belongs to, in CIDR notation: 24 bits of IPv4, also when it is written as IPv6, 48 of IPv6. It
 * tells one place from another, and no person. Undefined for what is no address.
 */
export function networkOf(address: string): string | undefined {
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  if (!isIPv6(address)) return undefined;
  const groups = ipv6Groups(address);
  const mapped = mappedIpv4(groups);
  if (mapped) return ipv4Network(mapped);
  const kept = groups.slice(0, 3);
  // Zeros at the end are what `::` stands for.
  while (kept.at(-1) === 0) kept.pop();
  return `${kept.map((group) => group.toString(16)).join(':')}::/48`;
}

function ipv4Network(octets: readonly (string | number)[]): string {
  return `${octets.slice(0, 3).join('.')}.0/24`;
}
