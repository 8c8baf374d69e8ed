const keyBytes = 32;
/** Of 32 random bytes, and of the 31 steps between them, fewer than twelve different ones never happen by chance. */
const leastDistinct = 12;

/**
 * The 32 bytes of a key, from 64 hex digits or from base64 (either alphabet, padded or not). Throws an Error that gives the name
 * and shows nothing of the key when they are not 32, are written loosely, or cannot have come out of a generator.
 */
export function readKeyMaterial(name: string, material: string): Buffer {
  const bytes = /^[0-9a-fA-F]{64}$/.test(material) ? Buffer.from(material, 'hex') : fromBase64(name, material);
  if (bytes.length !== keyBytes) throw new Error(`${name} is not 32 bytes long`);
  if (!looksRandom(bytes)) throw new Error(`${name} is not random: take the output of openssl rand -hex 32`);
  return bytes;
}

/** Node skips what is no base64; a key that lost or gained a character must not pass for another one. */
function fromBase64(name: string, material: string): Buffer {
  const bytes = Buffer.from(material, 'base64');
  const plain = material.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
  if (bytes.toString('base64').replace(/=+$/, '') !== plain) {
    throw new Error(`${name} is neither hex nor base64`);
  }
  return bytes;
}

/** Zeros, a counter, a short pattern, a sentence: examples and typing errors, never a generator's output. */
function looksRandom(bytes: Buffer): boolean {
  const steps = [...bytes.subarray(1)].map((byte, at) => (byte - (bytes[at] ?? 0)) & 0xff);
  const halves = bytes.subarray(0, keyBytes / 2).equals(bytes.subarray(keyBytes / 2));
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  return new Set(bytes).size >= leastDistinct && new Set(steps).size >= leastDistinct && !halves && !isText;
}
