/** Digits without zeros at either end, and where the point stands after the first of them. */
function canonical(literal: string): string {
  const [, whole = '', decimals = '', exponent = '0'] =
    /^-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(literal) ?? [];
  const digits = (whole + decimals).replace(/^0+/, '');
  if (digits === '') return '0';
  const leading = whole.length + decimals.length - digits.length;
  return `${digits.replace(/0+$/, '')}e${Number(exponent) + whole.length - leading}`;
}

/** No number that a double keeps is written longer; what is would only cost time. */
const longest = 400;

/** Whether a JSON number, read and written again, has the digits that it came with; its sign apart, when it is zero. */
const isExact = (literal: string): boolean =>
  literal.length <= longest && canonical(literal) === canonical(String(Number(literal)));

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
/** `.`, `e`, `E`, `+`, `-`. */
const others: ReadonlySet<number | undefined> = new Set([0x2e, 0x65, 0x45, 0x2b, 0x2d]);

/** Where the number whose first digit stands at `from` ends. */
export function endOfNumber(bytes: Buffer, from: number): number {
  let at = from;
  while (isDigit(bytes[at]) || others.has(bytes[at])) at++;
  return at;
}

/** A double keeps any fifteen digits as they are, unless an exponent takes them too far. */
const surelyExact = /^[0-9.]{1,16}$/;

/** The same of the number between two places of a text: a look at its length is enough, mostly. */
export function isExactAt(bytes: Buffer, from: number, to: number): boolean {
  const literal = bytes.toString('latin1', from, to);
  return surelyExact.test(literal) || isExact(literal);
}
