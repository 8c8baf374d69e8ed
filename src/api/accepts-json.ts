/** The ranges that take in `application/json`, the most specific first (RFC 9110 section 12.5.1). */
const ranges = ['application/json', 'application/problem+json', 'application/*', '*/*'];

/** Whether JSON may be the answer: the most specific range that takes it in decides, and `q=0` means no. */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json') return true;
  const weights = new Map<string, number>();
  for (const member of accept.split(',')) {
    const [range = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(range, weight === undefined ? 1 : Number(weight.slice(2)));
  }
  const decisive = ranges.find((range) => weights.has(range));
  return decisive !== undefined && (weights.get(decisive) ?? 0) > 0;
}
