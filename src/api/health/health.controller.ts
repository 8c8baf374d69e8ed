import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { Readiness } from '../../platform/health/readiness.js';
import { Public } from '../admission/public.decorator.js';
import { Describe } from '../openapi/describe.decorator.js';

const Alive = Type.Object({ status: Type.Literal('ok') }, { $id: 'Alive' });
const Ready = Type.Object(
  {
    status: Type.Enum(['ok', 'degraded', 'error'], { type: 'string' }),
    details: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'Ready' },
);

/** Liveness asks nobody; readiness says whether a deposit sent now would be durably accepted. */
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get()
  @Public()
  @Describe({
    tag: 'Santé',
    summary: 'Le processus vit',
    about: 'Ne demande rien à personne : ni clé, ni base de données.',
    answers: { 200: Alive },
    open: true,
  })
  alive(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @Public()
  @Describe({
    tag: 'Santé',
    summary: 'Un dépôt envoyé maintenant serait accepté durablement',
    about: '503 sinon ; `details` dit ce qui manque.',
    answers: { 200: Ready, 503: Ready },
    open: true,
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const { status, details } = await this.readiness.look();
    if (status === 'error') void reply.status(503).header('retry-after', '5');
    return { status, details };
  }
}
