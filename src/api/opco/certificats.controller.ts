import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CertificatDeposit, CertificatFields, exampleCertificat } from '../../core/contract/certificat.js';
import type { JobTicket, Preflight } from '../../core/contract/job.js';
import type { Exchange } from '../../core/exchange.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { OpcoParam } from '../openapi/describe.decorator.js';
import { exampleNumeroInterne } from '../openapi/examples.js';
import { DepositDoor } from './accept.js';
import { DepositRoute } from './deposit-route.decorator.js';

/** Certificates of completion. */
@Controller(':opcoId/certificats')
@OpcoParam()
export class CertificatsController {
  constructor(private readonly door: DepositDoor) {}

  @DepositRoute({
    endpoint: 'depositCertificat',
    summary: 'Déposer un certificat de réalisation',
    about: "Là où l'OPCO n'a pas cette route, le certificat est déposé comme document, et le job le dit.",
    body: { schema: CertificatDeposit, fields: CertificatFields, example: exampleCertificat(exampleNumeroInterne) },
  })
  deposit(
    @CurrentExchange() exchange: Exchange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTicket | Preflight> {
    return this.door.accept('certificats', exchange, { request, reply });
  }
}
