import { types } from 'node:util';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { Env } from './env.js';
import { judgeEnv } from './judge-env.js';
import { readSecretFile } from './secret-file.js';
import { settingNotes, type SettingNote } from './setting.js';

/** A configuration that cannot be used; the message names every bad variable and shows no value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads and judges the configuration, all faults at once. Empty variables count as absent; a secret may come from the file
 * named by `<NAME>_FILE`. Unknown `OPCOVIA_*` variables are reported to `warn`, since they are mostly typing errors.
 */
export function readEnv(variables: Variables, warn: (text: string) => void = () => undefined): Env {
  const faults: string[] = [];
  const given: Record<string, string> = {};
  for (const note of settingNotes()) {
    const value = readValue(variables, note, faults);
    if (value) given[note.name] = value;
  }
  const known = new Set(settingNotes().flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));
  const sandboxOnly = /^OPCOVIA_(SANDBOX|TEST|DEMO)_/;
  for (const name of Object.keys(variables)) {
    if (name.startsWith('OPCOVIA_') && !known.has(name) && !sandboxOnly.test(name)) {
      warn(`${name} is not a variable of Opcovia; see docs/configuration.md`);
    }
  }
  const env = plainToInstance(Env, given, { exposeDefaultValues: true });
  for (const { property, constraints } of validateSync(env)) {
    faults.push(
      `${property}: ${Object.values(constraints ?? {})
        .join(', ')
        .replaceAll(`${property} `, '')}`,
    );
  }
  // What could not even be read is named once, not missed a second time.
  const named = new Set(faults.map((fault) => fault.replace(/(_FILE)?:.*$/s, '')));
  faults.push(...judgeEnv(env).filter((fault) => !named.has(fault.replace(/:.*$/s, ''))));
  if (faults.length > 0) throw new ConfigurationError(`Configuration refused:\n  ${faults.join('\n  ')}`);
  return env;
}

/** A secret stands in its variable or in a file, not in both: nobody could say which of the two is in force. */
function readValue(variables: Variables, { name, secret }: SettingNote, faults: string[]): string | undefined {
  const value = variables[name]?.trim();
  const path = secret ? variables[`${name}_FILE`]?.trim() : undefined;
  if (!path) return value;
  if (value) {
    faults.push(`${name}: given twice, also as ${name}_FILE`);
    return undefined;
  }
  try {
    return readSecretFile(path);
  } catch (error) {
    faults.push(`${name}_FILE: ${types.isNativeError(error) ? error.message : 'cannot be read'}`);
    return undefined;
  }
}
