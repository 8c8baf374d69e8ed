import { LRUCache } from 'lru-cache';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import { openSecrets, type SealedSecrets } from './secret.js';

const fiveMinutesMs = 300_000;

/**
 * The secrets that sign, opened once and remembered for a while. They are asked for by their ciphertexts, as each claim reads them:
 * what was rotated, sealed anew or moved is another one, so that nobody has to be told of a change.
 */
export class OpenedSecrets {
  readonly #opened = new LRUCache<string, [string, ...string[]]>({ max: 10_000, ttl: fiveMinutesMs });

  constructor(private readonly ring: KeyRing) {}

  /** The current one first; throws UnsealError. */
  of(sealed: SealedSecrets): readonly [string, ...string[]] {
    const { tenant, webhookId, sealedSecret, sealedPreviousSecret } = sealed;
    const name = [tenant, webhookId, sealedSecret, sealedPreviousSecret].join('|');
    const known = this.#opened.get(name);
    if (known) return known;
    const opened = openSecrets(this.ring, sealed);
    this.#opened.set(name, opened);
    return opened;
  }
}
