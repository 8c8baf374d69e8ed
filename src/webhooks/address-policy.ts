import { BlockList, isIP } from 'node:net';

// prettier-ignore
/** Networks no webhook may reach (RFC 6890 and later registries), as `address/prefix`. */
const deniedNetworks = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24',
  '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24',
  '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '255.255.255.255/32',
  // `::/96` holds ::, ::1 and the IPv4-compatible form; 2001::/23 holds Teredo, benchmarks and ORCHID.
  '::/96', '::ffff:0:0:0/96', '100::/64', '64:ff9b::/96', '64:ff9b:1::/48', '2001::/23', '2001:db8::/32', '2002::/16',
  '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8',
];

/** The only part of IPv6 that is handed out for the public Internet: what is not in it is not public either. */
const publicIpv6 = blockListOf(['2000::/3']);

/** What the operator says of addresses. */
export interface AddressRules {
  /** Ports that a public address may be reached on. */
  readonly ports: ReadonlySet<number>;
  /** `CIDR:port`, comma-separated: exceptions to everything, never given by a tenant. */
  readonly allowedNetworks: string;
  /** The machine's own addresses, public ones too. */
  readonly ownAddresses: readonly string[];
}

/** Decides whether an address may be dialled. It judges addresses only: names are resolved before. */
export class AddressPolicy {
  readonly #denied: BlockList;
  readonly #exceptions: readonly { readonly network: BlockList; readonly port: number }[];

  /** Throws an Error when an allowed network is not written `CIDR:port`. */
  constructor(private readonly rules: AddressRules) {
    this.#denied = blockListOf(deniedNetworks);
    for (const address of rules.ownAddresses) {
      const own = canonical(address);
      if (own) this.#denied.addAddress(own.address, own.family);
    }
    this.#exceptions = rules.allowedNetworks
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean)
      .map(readException);
  }

  /** Whether this address may be dialled on this port. */
  allows(address: string, port: number): boolean {
    if (this.exempts(address, port)) return true;
    const target = canonical(address);
    if (!target || !this.rules.ports.has(port)) return false;
    if (target.family === 'ipv6' && !publicIpv6.check(target.address, 'ipv6')) return false;
    return !this.#denied.check(target.address, target.family);
  }

  /** Whether a public address may be reached on this port. */
  allowsPort(port: number): boolean {
    return this.rules.ports.has(port);
  }

  /** Whether the operator made an exception for it; only such an address may be reached without TLS. */
  exempts(address: string, port: number): boolean {
    const target = canonical(address);
    if (!target) return false;
    return this.#exceptions.some((each) => each.port === port && each.network.check(target.address, target.family));
  }
}

interface Canonical {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
}

/** One spelling per address: IPv4-mapped IPv6 becomes IPv4. Undefined for what is no address, or one with a zone. */
function canonical(address: string): Canonical | undefined {
  if (isIP(address) === 4) return { address, family: 'ipv4' };
  if (isIP(address) !== 6 || address.includes('%')) return undefined;
  const compressed = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed) ?? [];
  if (high === undefined || low === undefined) return { address: compressed, family: 'ipv6' };
  const bits = parseInt(high, 16) * 65_536 + parseInt(low, 16);
  return { address: [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.'), family: 'ipv4' };
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) addNetwork(list, network);
  return list;
}

function addNetwork(list: BlockList, network: string): void {
  const [address = '', bits = ''] = network.split('/');
  list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function readException(text: string): { network: BlockList; port: number } {
  const [, bracketed, plain, bits, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([0-9a-fA-F:.]+?))\/(\d{1,3}):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? '';
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 6 ? 128 : 32) || Number(port) > 65_535) {
    throw new Error('OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: each network is written CIDR:port, as 127.0.0.1/32:4000');
  }
  const network = new BlockList();
  addNetwork(network, `${address}/${bits}`);
  return { network, port: Number(port) };
}
