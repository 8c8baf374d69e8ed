import { createSecretKey, randomBytes } from 'node:crypto';
import { keyIdOf, seal, sealBytes, UnsealError, unseal, unsealBytes } from './sealed-box.js';

const key = createSecretKey(randomBytes(32));
const at = 'opco_credentials|sealed|akto|tenant-a';
const box = () => seal(key, 'k1', 'NIR 1850578006084', at);

/** The value with one bit of one of its parts flipped, spelled like any other. */
function flipped(sealed: string, part: number, byte = 0, mask = 1): string {
  const parts = sealed.split('.');
  const bytes = Buffer.from(parts[part] ?? '', 'base64url');
  bytes[byte] = (bytes[byte] ?? 0) ^ mask;
  parts[part] = bytes.toString('base64url');
  return parts.join('.');
}

describe('a sealed value', () => {
  it('says its version and key, has an iv of 12 bytes and a tag of 16, and opens at its place', () => {
    const [version, keyId, iv = '', , tag = ''] = box().split('.');
    expect([version, keyId]).toEqual(['v1', 'k1']);
    expect([Buffer.from(iv, 'base64url').length, Buffer.from(tag, 'base64url').length]).toEqual([12, 16]);
    expect(unseal(key, box(), at).toString()).toBe('NIR 1850578006084');
    expect(unseal(key, seal(key, 'k1', '', at), at)).toHaveLength(0);
  });

  it('is another one each time: 10 000 of one content share no iv, no ciphertext and no tag', () => {
    const all = Array.from({ length: 10_000 }, () => box().split('.'));
    for (const part of [2, 3, 4]) expect(new Set(all.map((parts) => parts[part])).size).toBe(10_000);
  });

  it.each([
    ['the iv', 2],
    ['the ciphertext', 3],
    ['the tag', 4],
  ])('does not open with any one bit of %s flipped', (_what, part) => {
    const sealed = box();
    const length = Buffer.from(sealed.split('.')[part] ?? '', 'base64url').length;
    for (let bit = 0; bit < length * 8; bit++) {
      const changed = flipped(sealed, part, bit >> 3, 1 << (bit & 7));
      expect(() => unseal(key, changed, at)).toThrow(UnsealError);
    }
  });

  it.each([12, 8, 4, 0])('does not open with its tag cut to %i bytes', (length) => {
    const parts = box().split('.');
    parts[4] = Buffer.from(parts[4] ?? '', 'base64url')
      .subarray(0, length)
      .toString('base64url');
    expect(() => unseal(key, parts.join('.'), at)).toThrow(UnsealError);
  });

  it.each([
    ['another version', (sealed: string) => sealed.replace('v1.', 'v2.')],
    ['no key id', (sealed: string) => sealed.replace('.k1.', '..')],
    ['a part too many', (sealed: string) => `${sealed}.AAAA`],
    ['a part too few', (sealed: string) => sealed.split('.').slice(0, 4).join('.')],
    ['an iv of 16 bytes', (sealed: string) => sealed.replace(/^(v1\.k1\.)[^.]+/, `$1${'A'.repeat(22)}`)],
    ['a space', (sealed: string) => sealed.replace(/.$/, (last) => ` ${last}`)],
    ['a line break at its end', (sealed: string) => `${sealed}\n`],
    ['spare bits in its last character', (sealed: string) => withSpareBit(sealed)],
    ['nothing at all', () => ''],
  ])('is not one with %s', (_what, change) => {
    expect(() => unseal(key, change(box()), at)).toThrow(UnsealError);
  });

  it('does not open at another table, column, row or tenant, nor under another key', () => {
    const sealed = box();
    for (const other of [
      'webhooks|sealed|akto|tenant-a',
      'opco_credentials|hint|akto|tenant-a',
      'opco_credentials|sealed|atlas|tenant-a',
      'opco_credentials|sealed|akto|tenant-b',
      'opco_credentials|sealed|akto|',
    ]) {
      expect(() => unseal(key, sealed, other)).toThrow(UnsealError);
    }
    expect(() => unseal(createSecretKey(randomBytes(32)), sealed, at)).toThrow(UnsealError);
  });

  it('says nothing of its content when it does not open', () => {
    const error = catching(() => unseal(key, flipped(box(), 4), at));
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toMatch(/1850578006084|NIR/);
    expect(() => keyIdOf('NIR 1850578006084')).toThrow(/^Not a sealed value$/);
  });
});

describe('the binary form', () => {
  it('opens at its place only, whole and unchanged only', () => {
    const sealed = sealBytes(key, Buffer.from('contenu'), 'cache|x|a');
    expect(unsealBytes(key, sealed, 'cache|x|a').toString()).toBe('contenu');
    expect(() => unsealBytes(key, sealed, 'cache|x|b')).toThrow(UnsealError);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(() => unsealBytes(key, changed, 'cache|x|a')).toThrow(UnsealError);
      expect(() => unsealBytes(key, sealed.subarray(0, at), 'cache|x|a')).toThrow(UnsealError);
    }
  });

  it('is no text form: what was sealed as one does not open as the other', () => {
    const [, , iv = '', text = '', tag = ''] = seal(key, 'k1', 'contenu', 'x').split('.');
    const asBytes = Buffer.concat([Buffer.of(1), ...[iv, tag, text].map((part) => Buffer.from(part, 'base64url'))]);
    expect(() => unsealBytes(key, asBytes, 'x')).toThrow(UnsealError);
  });
});

/** The same bytes in another spelling: 16 bytes leave four bits of their 22nd character unused. */
function withSpareBit(sealed: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return sealed.slice(0, -1) + alphabet[alphabet.indexOf(sealed.slice(-1)) ^ 1];
}

function catching(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
