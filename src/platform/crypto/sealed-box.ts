import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { freshBytes } from './fresh-bytes.js';

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** A ciphertext that is not ours, was changed, moved to another place, or belongs to a key that we do not hold. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError';
}

/**
 * Encrypts under AES-256-GCM into `v1.<keyId>.<iv>.<ciphertext>.<tag>` (base64url). `place` is authenticated, not stored:
 * table, column, row and tenant, so that a value copied elsewhere does not open.
 */
export function seal(key: KeyObject, keyId: string, plaintext: Buffer | string, place: string): string {
  const iv = freshBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(`v1|${place}`));
  const text = Buffer.concat([
    typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext),
    cipher.final(),
  ]);
  return `v1.${keyId}.${iv.toString('base64url')}.${text.toString('base64url')}.${cipher.getAuthTag().toString('base64url')}`;
}

/** The id of the key that sealed a value; throws UnsealError on anything that is not a sealed value. */
export function keyIdOf(sealed: string): string {
  return parts(sealed).keyId;
}

/** Decrypts what `seal` made for the same place; throws UnsealError otherwise, never gives unauthenticated bytes. */
export function unseal(key: KeyObject, sealed: string, place: string): Buffer {
  const { iv, text, tag } = parts(sealed);
  return decrypt(key, { iv, text, tag, aad: `v1|${place}` });
}

/** The compact binary form, for values that live in Redis: version byte, iv, tag, ciphertext. */
export function sealBytes(key: KeyObject, plaintext: Buffer, place: string): Buffer {
  const iv = freshBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(`b1|${place}`));
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.of(1), iv, cipher.getAuthTag(), text]);
}

/** Decrypts what `sealBytes` made for the same place; throws UnsealError otherwise. */
export function unsealBytes(key: KeyObject, sealed: Buffer, place: string): Buffer {
  const start = 1 + ivBytes + tagBytes;
  if (sealed.length < start || sealed[0] !== 1) throw new UnsealError('Not a sealed value');
  return decrypt(key, {
    iv: sealed.subarray(1, 1 + ivBytes),
    tag: sealed.subarray(1 + ivBytes, start),
    text: sealed.subarray(start),
    aad: `b1|${place}`,
  });
}

interface Box {
  readonly iv: Buffer;
  readonly text: Buffer;
  readonly tag: Buffer;
}

function parts(sealed: string): Box & { readonly keyId: string } {
  const [version, keyId, iv, text, tag, ...rest] = sealed.split('.');
  if (version !== 'v1' || !keyId || !iv || text === undefined || !tag || rest.length > 0) {
    throw new UnsealError('Not a sealed value');
  }
  const box = {
    iv: bytesOf(iv),
    text: bytesOf(text),
    tag: bytesOf(tag),
  };
  if (box.iv.length !== ivBytes || box.tag.length !== tagBytes) throw new UnsealError('Not a sealed value');
  return { keyId, ...box };
}

/** One spelling per value: Node would skip strange characters and ignore the spare bits of the last one. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  const spare = bytes.length % 3;
  const tail = spare === 0 ? '' : bytes.subarray(-spare).toString('base64url');
  const whole = /^[\w-]*$/.test(text) && text.length === Math.ceil((bytes.length * 4) / 3);
  if (!whole || !text.endsWith(tail)) throw new UnsealError('Not a sealed value');
  return bytes;
}

function decrypt(key: KeyObject, { iv, text, tag, aad }: Box & { readonly aad: string }): Buffer {
  const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: tagBytes })
    .setAAD(Buffer.from(aad))
    .setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(text), decipher.final()]);
  } catch {
    throw new UnsealError('The sealed value does not open here');
  }
}
