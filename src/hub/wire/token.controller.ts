import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TokenDesk } from './token-desk.js';

/** Where an instance gets its hub token: `POST /hub/token` of the staff listener, answered as RFC 6749 has it. */
@Controller('hub')
export class TokenController {
  constructor(@Inject(TokenDesk) private readonly desk: TokenDesk) {}

  @Post('token')
  async exchange(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const address = request.raw.socket.remoteAddress ?? '';
    const answer = await this.desk.exchange(request.headers.authorization, address);
    void reply.status(answer.status).header('cache-control', 'no-store');
    if (answer.status === 200) {
      const { accessToken, expiresInSeconds } = answer;
      return void reply.send({ access_token: accessToken, token_type: 'Bearer', expires_in: expiresInSeconds });
    }
    if (answer.status === 429) void reply.header('retry-after', answer.retryAfterSeconds);
    else void reply.header('www-authenticate', 'Basic realm="hub"');
    void reply.send({ error: answer.status === 429 ? 'slow_down' : 'invalid_client' });
  }
}
