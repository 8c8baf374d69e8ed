import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { KeyRing } from '../crypto/key-ring.js';
import { Env } from './env.js';
import { settingNotes } from './setting.js';
import { parseUpstreamLimits } from './upstream-limits.js';
import { parseUpstreams } from './upstreams.js';

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
  for (const { name, secret } of settingNotes()) {
    const value = variables[name]?.trim() || (secret ? fromFile(variables, name, faults) : undefined);
    if (value) given[name] = value;
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
  judge(env, faults);
  if (faults.length > 0) throw new ConfigurationError(`Configuration refused:\n  ${faults.join('\n  ')}`);
  return env;
}

function fromFile(variables: Variables, name: string, faults: string[]): string | undefined {
  const path = variables[`${name}_FILE`]?.trim();
  if (!path) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    faults.push(`${name}_FILE: cannot be read`);
    return undefined;
  }
}

function judge(env: Env, faults: string[]): void {
  const must = (name: keyof Env) => {
    if (env.NODE_ENV === 'production' && !env[name]) faults.push(`${name}: required in production`);
  };
  must('DATABASE_URL');
  must('REDIS_URL');
  must('OPCOVIA_KEYRING');
  if (env.NODE_ENV === 'production' && env.OPCOVIA_WEBHOOK_ALLOWED_NETWORKS) {
    faults.push('OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: refused in production');
  }
  attempt(faults, 'OPCOVIA_KEYRING', () => env.OPCOVIA_KEYRING && KeyRing.parse(env.OPCOVIA_KEYRING));
  attempt(faults, 'OPCOVIA_UPSTREAMS', () => parseUpstreams(env));
  attempt(faults, 'OPCOVIA_UPSTREAM_LIMITS', () => parseUpstreamLimits(env));
}

function attempt(faults: string[], name: string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    faults.push(`${name}: ${error instanceof Error ? error.message : 'unusable'}`);
  }
}
