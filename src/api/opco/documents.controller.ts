import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DocumentDeposit, DocumentFields, exampleDocument } from '../../core/contract/document.js';
import type { JobTicket, Preflight } from '../../core/contract/job.js';
import type { Exchange } from '../../core/exchange.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { OpcoParam } from '../openapi/describe.decorator.js';
import { exampleNumeroInterne } from '../openapi/examples.js';
import { DepositDoor } from './accept.js';
import { DepositRoute } from './deposit-route.decorator.js';

/** Files that go with a dossier or an invoice. */
@Controller(':opcoId/documents')
@OpcoParam()
export class DocumentsController {
  constructor(private readonly door: DepositDoor) {}

  @DepositRoute({
    endpoint: 'depositDocument',
    summary: 'Déposer un document',
    body: { schema: DocumentDeposit, fields: DocumentFields, example: exampleDocument(exampleNumeroInterne) },
  })
  deposit(
    @CurrentExchange() exchange: Exchange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTicket | Preflight> {
    return this.door.accept('documents', exchange, { request, reply });
  }
}
