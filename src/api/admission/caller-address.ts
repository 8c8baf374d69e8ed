import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Where a request came from: what a trusted proxy says when it is an address, else the other end of the connection. */
export function callerAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  return isIP(ip) ? ip : (socket.remoteAddress ?? 'unknown');
}
