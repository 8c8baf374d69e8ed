/** The eight groups of an IPv6 address that `isIPv6` takes; `URL` spells its many forms in one way. */
export function ipv6Groups(address: string): number[] {
  const [plain = ''] = address.split('%', 1);
  const [head = '', tail] = new URL(`http://[${plain}]/`).hostname.slice(1, -1).split('::');
  const read = (part: string) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const [left, right] = [read(head), read(tail ?? '')];
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** The four bytes of an IPv4 address written as IPv6 (`::ffff:a.b.c.d`), out of its groups; undefined for any other. */
export function mappedIpv4(groups: readonly number[]): readonly number[] | undefined {
  const [mark, high = 0, low = 0] = groups.slice(5);
  if (mark !== 0xffff || groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255];
}
