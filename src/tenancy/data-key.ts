import type { KeyObject } from 'node:crypto';
import { seal, sealBytes, unseal, unsealBytes } from '../platform/crypto/sealed-box.js';

/** An unwrapped data key, in memory only. A sealed string names the id of its data key as the key id. */
export class DataKey {
  constructor(
    readonly id: string,
    private readonly key: KeyObject,
  ) {}

  seal(plaintext: Buffer | string, at: string): string {
    return seal(this.key, this.id, plaintext, at);
  }

  /** Throws UnsealError when the value was changed, moved, or sealed by another key. */
  unseal(sealed: string, at: string): Buffer {
    return unseal(this.key, sealed, at);
  }

  /** The compact form of values in Redis; it does not name its key. */
  sealBytes(plaintext: Buffer, at: string): Buffer {
    return sealBytes(this.key, plaintext, at);
  }

  /** Throws UnsealError like `unseal`. */
  unsealBytes(sealed: Buffer, at: string): Buffer {
    return unsealBytes(this.key, sealed, at);
  }
}
