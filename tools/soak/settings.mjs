/** OPCOs of a soak: V2 and V1, with and without look-ups, with DPoP; none that refuses a contract it has, which would hide a second one. */
export const opcos = ['akto', 'opco-ep', 'afdas'];

/** What each OPCO is believed to bear. */
export const allowance = { callsPerSecond: 12, burst: 12 };

/** Latest that an effect or a list may lag behind its answer, in milliseconds: whoever looks an outcome up must wait longer. */
export const longestLagMs = 800;

const windowMs = 10_000;
/** Deposits that one process sends at a time at one OPCO. */
const concurrency = 6;

/** Short timers, so that everything that takes minutes in production takes seconds here. */
export function variablesOf({ services, sandboxUrl, stateDir, receiverPort }) {
  return {
    DATABASE_URL: services.databaseUrl,
    REDIS_URL: services.redisUrl,
    OPCOVIA_SANDBOX_URL: sandboxUrl,
    OPCOVIA_STATE_DIR: stateDir,
    OPCOVIA_API_PORT: '0',
    OPCOVIA_STAFF_PORT: '0',
    OPCOVIA_LOG_LEVEL: 'warn',
    OPCOVIA_UPSTREAM_LIMITS: JSON.stringify(Object.fromEntries(opcos.map((id) => [id, allowance]))),
    OPCOVIA_TENANT_REQUESTS_PER_MINUTE: '1000000',
    OPCOVIA_KEY_REQUESTS_PER_MINUTE: '1000000',
    OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${receiverPort}`,
    OPCOVIA_JOB_CONCURRENCY: String(concurrency),
    OPCOVIA_JOB_BACKOFF_MS: '100',
    OPCOVIA_QUIET_PERIOD_MS: String(longestLagMs * 2.5),
    OPCOVIA_JOB_MAX_ATTEMPTS: '50',
    OPCOVIA_ATTEMPT_LOST_SECONDS: '3',
    OPCOVIA_RELAY_INTERVAL_SECONDS: '1',
    OPCOVIA_DISPATCH_INTERVAL_MS: '200',
    OPCOVIA_TICK_MS: '250',
    OPCOVIA_POLL_INTERVAL_SECONDS: '20',
    OPCOVIA_UPSTREAM_HEADERS_MS: '2000',
    OPCOVIA_UPSTREAM_READ_MS: '3000',
    OPCOVIA_UPSTREAM_DEPOSIT_MS: '4000',
    OPCOVIA_DRAIN_SECONDS: '10',
  };
}

/**
 * No window may hold more than burst and rate allow. On top comes what a frozen process had permits for and sends when it wakes,
 * and what arrives bunched on a busy machine: one second's worth.
 */
export function windowsOf(instances) {
  const { callsPerSecond, burst } = allowance;
  const limit = burst + callsPerSecond * (windowMs / 1000) + instances * concurrency + callsPerSecond;
  return opcos.map((opcoId) => ({ opcoId, limit, windowMs }));
}
