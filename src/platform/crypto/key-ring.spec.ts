import { randomBytes } from 'node:crypto';
import { KeyRing } from './key-ring.js';
import { UnsealError } from './sealed-box.js';

const bytes = randomBytes(32);
const hex = bytes.toString('hex');

/** What a refused key ring says; fails when it is accepted. */
function refusal(text: string): string {
  try {
    KeyRing.parse(text);
  } catch (error) {
    if (error instanceof Error) return `${error.message}\n${error.stack}`;
  }
  throw new Error('it was accepted');
}

describe('a key ring', () => {
  it.each([
    ['hex', `k1:${hex}`],
    ['hex in capitals', `k1:${hex.toUpperCase()}`],
    ['base64', `k1:${bytes.toString('base64')}`],
    ['base64 without padding', `k1:${bytes.toString('base64').replace('=', '')}`],
    ['base64url', `k1:${bytes.toString('base64url')}`],
    ['a line break at the end', `k1:${hex}\n`],
    ['spaces around', `  k1:${hex}\r\n`],
  ])('reads the same key from %s', (_how, text) => {
    const sealed = KeyRing.parse(`k1:${hex}`).seal('contenu', 'x');
    expect(KeyRing.parse(text).unseal(sealed, 'x').toString()).toBe('contenu');
  });

  it('seals with its first key, opens with all, and knows its ids', () => {
    const second = `k2:${randomBytes(32).toString('hex')}`;
    const [before, both, after] = [`k1:${hex}`, `${second} , k1:${hex}`, second].map((text) => KeyRing.parse(text));
    const old = before?.seal('contenu', 'x') ?? '';
    expect(both?.ids).toEqual(['k2', 'k1']);
    expect(both?.unseal(old, 'x').toString()).toBe('contenu');
    const fresh = both?.seal('contenu', 'x') ?? '';
    expect(fresh).toMatch(/^v1\.k2\./);
    expect(after?.unseal(fresh, 'x').toString()).toBe('contenu');
    expect(() => after?.unseal(old, 'x')).toThrow(UnsealError);
    expect(KeyRing.parse(`${second}\nk1:${hex}\n`).ids).toEqual(['k2', 'k1']);
  });

  it.each([
    ['nothing', ''],
    ['a key without an id', hex],
    ['an id without a key', 'k1:'],
    ['the old key as its own id', `${hex}:k1`],
    ['31 bytes in hex', `k1:${hex.slice(2)}`],
    ['33 bytes in hex', `k1:${hex}ab`],
    ['31 bytes in base64', `k1:${bytes.subarray(1).toString('base64')}`],
    ['48 bytes in base64', `k1:${randomBytes(48).toString('base64')}`],
    ['base64 with a strange character', `k1:${bytes.toString('base64').replace(/^(.{9})/, '$1!')}`],
    ['base64 with quotes', `k1:"${bytes.toString('base64')}"`],
    ['0x before its digits', `k1:0x${hex}`],
    ['a space in the key', `k1:${hex.slice(0, 32)} ${hex.slice(32)}`],
    ['zeros', `k1:${'0'.repeat(64)}`],
    ['zeros in base64', `k1:${Buffer.alloc(32).toString('base64')}`],
    ['one byte again and again', `k1:${'a7'.repeat(32)}`],
    ['a pattern', `k1:${'deadbeef'.repeat(8)}`],
    ['a counter', `k1:${Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('hex')}`],
    ['half a key twice', `k1:${hex.slice(0, 32).repeat(2)}`],
    ['a sentence', `k1:${Buffer.from('change-me-please-change-me-now!!').toString('base64')}`],
    ['one id twice', `k1:${hex},k1:${randomBytes(32).toString('hex')}`],
    ['one key under two ids', `k1:${hex},k2:${bytes.toString('base64')}`],
    ['a comma too many', `k1:${hex},`],
  ])('is refused with %s, and shows nothing of it', (_what, text) => {
    const said = refusal(text);
    for (const material of text.split(/[:,]/).filter((part) => part.length > 8)) expect(said).not.toContain(material);
    expect(said).not.toContain(hex.slice(4, 16));
  });

  it('does not show its keys to whoever prints it', () => {
    const ring = KeyRing.parse(`k1:${hex}`);
    expect(`${JSON.stringify(ring)} ${String(ring)}`).not.toContain(hex.slice(0, 8));
  });
});
