import { once } from 'node:events';
import { createRedisServer } from 'js-redis-server';

/** Serves Redis from JavaScript, in memory, on a loopback port; resolves once it listens, and lives as long as its process. */
export async function serveLastResortRedis(port: number): Promise<void> {
  const { server } = await createRedisServer({ port: 0 });
  // The library listens on every interface; its own listener is moved to the loopback before anybody knows the port.
  const listener = server.server;
  listener.close();
  await once(listener, 'close');
  listener.listen({ port, host: '127.0.0.1' });
  await once(listener, 'listening');
}
