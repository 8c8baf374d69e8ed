import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createPrivate, readIfThere } from './state-files.js';

/** Secrets of an installation on embedded defaults; elsewhere they come from the configuration. */
export interface LocalSecrets {
  /** `k1:` and 64 hexadecimal digits: the master key that wraps every data key. */
  readonly keyring: string;
}

const KEYRING = /^k1:[0-9a-f]{64}$/;

/** Makes the secrets of this state directory once (mode 600) and reads them ever after; a damaged file is refused, since a new key could not read the old data. */
export function localSecrets(stateDir: string): LocalSecrets {
  const path = join(stateDir, 'keyring');
  if (readIfThere(path) === undefined) createPrivate(path, `k1:${randomBytes(32).toString('hex')}\n`);
  const keyring = readIfThere(path)?.trim() ?? '';
  if (!KEYRING.test(keyring))
    throw new Error(`${path} est abîmé : restaurez-le, ou supprimez ${stateDir} pour repartir avec des données vides.`);
  return { keyring };
}
