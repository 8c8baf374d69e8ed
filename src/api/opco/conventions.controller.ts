import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ConventionDeposit, ConventionFields, exampleConvention } from '../../core/contract/convention.js';
import type { JobTicket, Preflight } from '../../core/contract/job.js';
import type { Exchange } from '../../core/exchange.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { OpcoParam } from '../openapi/describe.decorator.js';
import { exampleNumeroInterne } from '../openapi/examples.js';
import { DepositDoor } from './accept.js';
import { DepositRoute } from './deposit-route.decorator.js';

/** Training agreements. */
@Controller(':opcoId/conventions')
@OpcoParam()
export class ConventionsController {
  constructor(private readonly door: DepositDoor) {}

  @DepositRoute({
    endpoint: 'depositConvention',
    summary: 'Déposer une convention de formation signée',
    body: { schema: ConventionDeposit, fields: ConventionFields, example: exampleConvention(exampleNumeroInterne) },
  })
  deposit(
    @CurrentExchange() exchange: Exchange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTicket | Preflight> {
    return this.door.accept('conventions', exchange, { request, reply });
  }
}
