import { BlockList, isIP } from 'node:net';

/**
 * The networks whose `X-Forwarded-For` is believed, as OPCOVIA_TRUSTED_PROXIES lists them; undefined when nobody's is. Throws an
 * Error fit for the list of configuration faults.
 */
export function parseTrustedProxies(list: string): string[] | undefined {
  const networks = list
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);
  for (const network of networks) if (!isNetwork(network)) throw new Error('it must list networks in CIDR notation');
  return networks.length > 0 ? networks : undefined;
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) return false;
  try {
    new BlockList().addSubnet(address, Number(prefix ?? 0), family === 4 ? 'ipv4' : 'ipv6');
  } catch {
    return false;
  }
  // A network that holds half of everybody would let them write the address that is believed.
  return prefix === undefined || Number(prefix) >= (family === 4 ? 8 : 16);
}
