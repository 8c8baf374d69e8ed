import { Redis } from 'ioredis';

/** Redis has sixteen databases; each use gets one for each of at most five Jest workers, so that no test takes another's jobs. */
const firstDb = { queue: 1, product: 6, 'built-file': 11 } as const;

/** The Redis server that the test run started or was given; tests fail without it. */
export function testRedisServer(): string {
  const url = process.env.OPCOVIA_TEST_REDIS_URL;
  if (!url) throw new Error('OPCOVIA_TEST_REDIS_URL is not set: run the tests through npm test');
  return url;
}

/** An emptied database of this Jest worker, for one use. */
export async function emptyRedis(use: keyof typeof firstDb): Promise<string> {
  const url = new URL(testRedisServer());
  url.pathname = `/${firstDb[use] + (Number(process.env.JEST_WORKER_ID ?? 1) % 5)}`;
  const redis = new Redis(url.href);
  await redis.flushdb();
  await redis.quit();
  return url.href;
}
