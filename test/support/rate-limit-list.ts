/** One member of a `RateLimit` or `RateLimit-Policy` list. */
export interface RateLimitMember {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number>>;
}

/**
 * Reads a List of Strings with Integer parameters by the grammar of RFC 9651 (sections 3.1, 3.1.2, 3.3.1, 3.3.3) and by nothing
 * looser: a member out of place throws.
 */
export function readRateLimitList(field: string): RateLimitMember[] {
  let rest = field.trim();
  const members: RateLimitMember[] = [];
  for (;;) {
    const [item = '', name = '', parameters = ''] =
      /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"((?:; *[a-z*][a-z0-9_.*-]*=-?\d{1,15})*)/.exec(rest) ?? [];
    if (!item) throw new Error(`no member of a list of strings: ${rest}`);
    const pairs = [...parameters.matchAll(/; *([a-z*][a-z0-9_.*-]*)=(-?\d{1,15})/g)];
    members.push({ name, parameters: Object.fromEntries(pairs.map(([, key = '', value]) => [key, Number(value)])) });
    rest = rest.slice(item.length);
    if (rest === '') return members;
    const [comma] = /^[ \t]*,[ \t]*(?=.)/.exec(rest) ?? [];
    if (!comma) throw new Error(`no comma between members: ${rest}`);
    rest = rest.slice(comma.length);
  }
}
