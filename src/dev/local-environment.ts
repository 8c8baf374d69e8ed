import { randomBytes } from 'node:crypto';
import { acquireEmbeddedServices, type EmbeddedServices } from './embedded-services.js';
import { localSecrets } from './local-secrets.js';
import { localStaffVariables } from './local-staff-key.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** What a command needs of the machine. */
export interface LocalNeeds {
  readonly needRedis: boolean;
  readonly sandbox: boolean;
  /** The services outlive a restart by this long; for `nest start --watch`. */
  readonly lingerSeconds?: number;
  readonly onProgress?: (text: string) => void;
}

/** The configuration, completed, and the services that completed it. */
export interface LocalEnvironment {
  readonly variables: Variables;
  /** Absent when nothing had to be started. */
  readonly services?: EmbeddedServices;
}

/**
 * Fills what the configuration leaves open with services and secrets of this machine, so that a command works on a computer
 * that has Node only. What is given is used as it is; in production nothing is filled, and what is missing is refused later.
 */
export async function completeEnvironment(variables: Variables, needs: LocalNeeds): Promise<LocalEnvironment> {
  if (variables.NODE_ENV === 'production') return { variables };
  const stateDir = variables.OPCOVIA_STATE_DIR || '.opcovia';
  const needPostgres = !variables.DATABASE_URL && !variables.DATABASE_URL_FILE;
  const needRedis = needs.needRedis && !variables.REDIS_URL && !variables.REDIS_URL_FILE;
  const wantSandbox = needs.sandbox && !variables.OPCOVIA_SANDBOX_URL;
  const services =
    needPostgres || needRedis || wantSandbox
      ? await acquireEmbeddedServices({
          stateDir,
          sandbox: wantSandbox && { port: Number(variables.OPCOVIA_SANDBOX_PORT || 4010) },
          needPostgres,
          needRedis,
          lingerSeconds: needs.lingerSeconds ?? 0,
          ...(needs.onProgress && { onProgress: needs.onProgress }),
        })
      : undefined;
  return {
    variables: {
      ...variables,
      ...localSecretsFor(variables, stateDir),
      ...localStaffVariables(variables),
      DATABASE_URL: needPostgres ? services?.databaseUrl : variables.DATABASE_URL,
      REDIS_URL: needRedis ? services?.redisUrl : variables.REDIS_URL,
      OPCOVIA_SANDBOX_URL: variables.OPCOVIA_SANDBOX_URL || services?.sandboxUrl,
    },
    ...(services && { services }),
  };
}

/** Secrets of this machine for what is not configured; processes of one folder know each other at the hub. */
function localSecretsFor(variables: Variables, stateDir: string): Variables {
  const given = (name: string) => Boolean(variables[name] || variables[`${name}_FILE`]);
  const missing = ['OPCOVIA_KEYRING', 'OPCOVIA_HUB_SECRET', 'OPCOVIA_HUB_INSTANCES'].filter((name) => !given(name));
  if (missing.length === 0) return {};
  const { keyring, hub, instances } = localSecrets(stateDir);
  const secret = instances.replace(/^.*:/, '');
  const ofHub = {
    OPCOVIA_HUB_SECRET: hub,
    OPCOVIA_HUB_INSTANCES: `local-*:${secret}`,
    ...(!given('OPCOVIA_HUB_INSTANCE_SECRET') && {
      OPCOVIA_HUB_INSTANCE: variables.OPCOVIA_HUB_INSTANCE || `local-${randomBytes(6).toString('hex')}`,
      OPCOVIA_HUB_INSTANCE_SECRET: secret,
    }),
  };
  return {
    ...(!given('OPCOVIA_KEYRING') && { OPCOVIA_KEYRING: keyring }),
    // Who configures a part of the hub configures all of it.
    ...(!given('OPCOVIA_HUB_SECRET') && !given('OPCOVIA_HUB_INSTANCES') && ofHub),
  };
}
