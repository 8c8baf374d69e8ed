import type { FastifyInstance } from 'fastify';
import type { TokenDesk } from './token-desk.js';

/** Adds `POST /hub/token`, where an instance gets its hub token; answered as RFC 6749 has it. */
export function serveTokens(fastify: Pick<FastifyInstance, 'post'>, desk: TokenDesk): void {
  // Open to whoever is no staff: an instance proves itself by its secret.
  fastify.post('/hub/token', { config: { staff: 'open' } }, async (request, reply) => {
    const answer = await desk.exchange(request.headers.authorization, request.socket.remoteAddress ?? '');
    void reply.status(answer.status).header('cache-control', 'no-store');
    if (answer.status === 200) {
      const { accessToken, expiresInSeconds } = answer;
      return { access_token: accessToken, token_type: 'Bearer', expires_in: expiresInSeconds };
    }
    if (answer.status === 429) void reply.header('retry-after', answer.retryAfterSeconds);
    else void reply.header('www-authenticate', 'Basic realm="hub"');
    return { error: answer.status === 429 ? 'slow_down' : 'invalid_client' };
  });
}
