import { acquireEmbeddedServices } from '../../src/dev/embedded-services.js';
import { heldServices } from './held-services.js';

const NO_REAL_REDIS =
  'The tests need a real Redis and only the in-memory last resort is to be had here: set REDIS_URL, or put redis-server or valkey-server on the PATH.';

/**
 * Gives every integration and e2e test a real PostgreSQL and Redis through OPCOVIA_TEST_DATABASE_URL and OPCOVIA_TEST_REDIS_URL:
 * the given ones, else embedded ones for the length of the run. Jest calls it once per project; the second call changes nothing.
 */
export default async function startTestServices(): Promise<void> {
  const { DATABASE_URL, REDIS_URL } = process.env;
  if (!heldServices() && !(DATABASE_URL && REDIS_URL)) {
    const services = await acquireEmbeddedServices({
      stateDir: '.opcovia/test',
      sandbox: false,
      needPostgres: !DATABASE_URL,
      needRedis: !REDIS_URL,
      fsync: false,
      onProgress: (text) => process.stderr.write(`${text}\n`),
    });
    if (services.degraded) {
      await services.release();
      throw new Error(NO_REAL_REDIS);
    }
    heldServices(services);
  }
  process.env.OPCOVIA_TEST_DATABASE_URL = DATABASE_URL || heldServices()?.databaseUrl;
  process.env.OPCOVIA_TEST_REDIS_URL = REDIS_URL || heldServices()?.redisUrl;
}
