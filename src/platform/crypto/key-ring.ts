import { createSecretKey, type KeyObject } from 'node:crypto';
import { keyIdOf, seal, UnsealError, unseal } from './sealed-box.js';

/**
 * The operator's keys by id. The first one seals; all of them open. Data keys are wrapped by it, and so are the few secrets
 * that belong to no subject. Written `id:<64 hex or 44 base64>[,id:...]`.
 */
export class KeyRing {
  private constructor(
    readonly activeId: string,
    private readonly keys: ReadonlyMap<string, KeyObject>,
  ) {}

  /** Reads a key ring; throws an Error that says what is wrong and never shows a key. */
  static parse(text: string): KeyRing {
    const keys = new Map<string, KeyObject>();
    for (const item of text.trim().split(/\s*[,\n]\s*/)) {
      const [, id, material] = /^([A-Za-z0-9_-]{1,32}):(\S+)$/.exec(item) ?? [];
      if (!id || !material) throw new Error('each key is written id:<64 hex digits or base64 of 32 bytes>');
      if (keys.has(id)) throw new Error(`the key id ${id} appears twice`);
      keys.set(id, createSecretKey(readKey(id, material)));
    }
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

  unseal(sealed: string, place: string): Buffer {
    return unseal(this.key(keyIdOf(sealed)), sealed, place);
  }

  private key(id: string): KeyObject {
    const key = this.keys.get(id);
    if (!key) throw new UnsealError(`The key ring holds no key ${id}`);
    return key;
  }
}

function readKey(id: string, material: string): Buffer {
  const bytes = /^[0-9a-fA-F]{64}$/.test(material) ? Buffer.from(material, 'hex') : Buffer.from(material, 'base64');
  if (bytes.length !== 32) throw new Error(`the key ${id} is not 32 bytes long`);
  // A key with few distinct bytes is an example or a typing error, never 32 random bytes.
  if (new Set(bytes).size < 12) throw new Error(`the key ${id} is not random`);
  return bytes;
}
