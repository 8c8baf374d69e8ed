/** Bytes of an answer that are looked at for an excerpt: what stands behind them is no part of it. */
export const excerptSourceBytes = 4096;

const mostBytes = 1024;
const hidden = '[masqué]';

/** What a receiver may say by mistake, and nobody needs in order to see why it refused; each is linear. */
const secrets: readonly RegExp[] = [
  /whsec_\S*/gi,
  /\b(?:bearer|basic)\s+\S+/gi,
  /\b(?:api[-_ ]?key|authorization|cookie|mot[-_ ]?de[-_ ]?passe|pass(?:word|wd)?|secret|session|signature|token|jeton)["']?\s*[:=]\s*["']?[^\s"',;}]+/gi,
  /[^\s@"'<>(),;:]{1,64}@[^\s@"'<>(),;:]{1,255}/g,
  /[A-Za-z0-9+/_=.-]{24,}/g,
  /\d(?:[ .\-/]?\d){3,}/g,
];

/**
 * The beginning of a receiver's answer as its owner may read it later: at most 1 kB, one line, without control characters, numbers
 * of four digits and more, addresses, tokens and whatever looks like one. Null when nothing is left.
 */
export function excerptOf(answer: Buffer): string | null {
  const text = answer.subarray(0, excerptSourceBytes).toString('utf8');
  // Format characters too: they turn the reading direction, or hide what stands beside them.
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  const redacted = secrets.reduce((kept, secret) => kept.replaceAll(secret, hidden), plain);
  const cut = firstBytes(redacted.replaceAll(/\s+/g, ' ').trim());
  return cut === '' ? null : cut;
}

function firstBytes(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= mostBytes) return text;
  // A character that is cut in two would come out as a replacement of three bytes.
  return bytes
    .subarray(0, mostBytes)
    .toString('utf8')
    .replace(/\uFFFD+$/u, '');
}
