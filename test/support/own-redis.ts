import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '../../src/dev/embedded-redis.js';

/** A Redis of one test alone, whose configuration it may change. */
export interface OwnRedis {
  readonly url: string;
  config(name: string, value: string): Promise<void>;
  /** Writes until nothing more fits. */
  fill(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real Redis; the last resort, which knows no memory bound, fails the test. */
export async function startOwnRedis(): Promise<OwnRedis> {
  const stateDir = mkdtempSync(join(tmpdir(), 'opcovia-redis-'));
  const { url, kind, child } = await startEmbeddedRedis({
    stateDir,
    keeperFile: join(process.cwd(), 'dist/src/main.keeper.js'),
    signal: AbortSignal.timeout(60_000),
    onProgress: () => undefined,
  });
  if (kind === 'last-resort') throw new Error('this test needs a real Redis');
  const redis = new Redis(url);
  return {
    url,
    config: async (name, value) => void (await redis.config('SET', name, value)),
    fill: async () => {
      for (let key = 0; ; key++) {
        try {
          await redis.set(`filler:${key}`, 'x'.repeat(65_536));
        } catch {
          return;
        }
      }
    },
    stop: async () => {
      redis.disconnect();
      await child.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
