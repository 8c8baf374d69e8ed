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
      ...localStaffVariables(variables),
      OPCOVIA_KEYRING:
        variables.OPCOVIA_KEYRING || variables.OPCOVIA_KEYRING_FILE
          ? variables.OPCOVIA_KEYRING
          : localSecrets(stateDir).keyring,
      DATABASE_URL: needPostgres ? services?.databaseUrl : variables.DATABASE_URL,
      REDIS_URL: needRedis ? services?.redisUrl : variables.REDIS_URL,
      OPCOVIA_SANDBOX_URL: variables.OPCOVIA_SANDBOX_URL || services?.sandboxUrl,
    },
    ...(services && { services }),
  };
}
