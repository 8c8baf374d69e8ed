import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createPrivate, readIfThere } from './state-files.js';

/** Secrets of an installation on embedded defaults; elsewhere they come from the configuration. */
export interface LocalSecrets {
  /** `k1:` and 64 hexadecimal digits: the master key that wraps every data key. */
  readonly keyring: string;
  /** `h1:` and 64 hexadecimal digits: signs the tokens of the hub. */
  readonly hub: string;
  /** The same, for the secret of every instance that starts here without one. */
  readonly instances: string;
}

/** Makes the secrets of this state directory once (mode 600) and reads them ever after; a damaged file is refused, since a new key could not read the old data. */
export function localSecrets(stateDir: string): LocalSecrets {
  const secret = (name: string, id: string) => {
    const path = join(stateDir, name);
    if (readIfThere(path) === undefined) createPrivate(path, `${id}:${randomBytes(32).toString('hex')}\n`);
    const [, found] = /^(\w+:[0-9a-f]{64})$/.exec(readIfThere(path)?.trim() ?? '') ?? [];
    if (!found?.startsWith(`${id}:`))
      throw new Error(
        `${path} est abîmé : restaurez-le, ou supprimez ${stateDir} pour repartir avec des données vides.`,
      );
    return found;
  };
  return {
    keyring: secret('keyring', 'k1'),
    hub: secret('hub-secret', 'h1'),
    instances: secret('hub-instances', 'i1'),
  };
}
