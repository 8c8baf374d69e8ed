import { createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { readKeyMaterial } from './key-material.js';
import { keyIdOf, seal, UnsealError, unseal } from './sealed-box.js';

/**
 * The operator's keys by id. The first one seals; all of them open. Data keys are wrapped by it, and so are the few secrets
 * that belong to no subject. Written `id:<64 hex or 44 base64>[,id:...]`; a line break separates keys as a comma does.
 */
export class KeyRing {
  private constructor(
    readonly activeId: string,
    private readonly keys: ReadonlyMap<string, KeyObject>,
  ) {}

  /** Reads a key ring; throws an Error that says what is wrong with which key, by position: what stands before `:` may be a key too. */
  static parse(text: string): KeyRing {
    const keys = new Map<string, KeyObject>();
    const seen: Buffer[] = [];
    for (const [at, item] of text
      .trim()
      .split(/\s*[,\n]\s*/)
      .entries()) {
      const name = `key ${at + 1}`;
      const [, id, material] = /^([A-Za-z0-9_-]{1,32}):(\S+)$/.exec(item) ?? [];
      if (!id || !material) throw new Error('each key is written id:<64 hex digits or base64 of 32 bytes>');
      if (keys.has(id)) throw new Error(`${name} has the id of an earlier one`);
      const bytes = readKeyMaterial(name, material);
      if (seen.some((other) => timingSafeEqual(other, bytes))) throw new Error(`${name} is an earlier one again`);
      seen.push(bytes);
      keys.set(id, createSecretKey(bytes));
    }
    for (const bytes of seen) bytes.fill(0);
    const [activeId] = keys.keys();
    if (activeId === undefined) throw new Error('it holds no key');
    return new KeyRing(activeId, keys);
  }

  get ids(): string[] {
    return [...this.keys.keys()];
  }

  seal(plaintext: Buffer | string, place: string): string {
    return seal(this.key(this.activeId), this.activeId, plaintext, place);
  }

  /** Throws UnsealError when the value was changed, moved, or sealed by a key that the ring does not hold. */
  unseal(sealed: string, place: string): Buffer {
    return unseal(this.key(keyIdOf(sealed)), sealed, place);
  }

  private key(id: string): KeyObject {
    const key = this.keys.get(id);
    if (!key) throw new UnsealError('The key ring does not hold the key of this value');
    return key;
  }
}
