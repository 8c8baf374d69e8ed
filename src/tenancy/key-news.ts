import { DatabaseNews } from '../platform/database/news.js';
import type { Admission } from './admission.js';
import type { OpcoCredentialsRepository } from './opco-credentials.repository.js';

/** Who remembers keys, and has to forget them. */
export interface KeyMemories {
  readonly admission: Pick<Admission, 'forget' | 'doubt'>;
  readonly credentials: Pick<OpcoCredentialsRepository, 'forgetAll'>;
}

/**
 * Makes memories hear what changes, whoever changes it; to be started and stopped. `opcovia_keys` announces the id of a key in the
 * transaction that makes, ends or changes it, or suspends its tenant; `opcovia_credentials` that some CFA's key at an OPCO has
 * changed. While nobody hears, the ten seconds of each memory are the bound.
 */
export function keyNewsFor({ admission, credentials }: KeyMemories, url: string): DatabaseNews {
  return new DatabaseNews({
    url,
    channels: {
      opcovia_keys: (keyId) => admission.forget(keyId),
      opcovia_credentials: () => credentials.forgetAll(),
    },
    onGap: () => {
      admission.doubt();
      credentials.forgetAll();
    },
  });
}
