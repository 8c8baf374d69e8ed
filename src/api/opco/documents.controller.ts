import { Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DocumentDeposit } from '../../core/contract/document.js';
import { JobTicket } from '../../core/contract/job.js';
import type { Exchange } from '../../core/exchange.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { ThroughPipeline } from '../../pipeline/through-pipeline.decorator.js';
import { TakesFiles } from '../admission/takes-files.decorator.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';
import { depositErrors } from '../openapi/route-errors.js';
import { DepositDoor } from './accept.js';

/** A one-page PDF that says nothing: enough for an example that really passes. */
const emptyPdf =
  'JVBERi0xLjQKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwIFI+PgplbmRvYmoKMiAwIG9iago8PC9UeXBlL1BhZ2VzL0tpZHNbXS9Db3VudCAwPj4KZW5kb2JqCnRyYWlsZXIKPDwvUm9vdCAxIDAgUj4+CiUlRU9GCg==';

/** The example of the documentation, of the welcome banner and of the demo. */
export const exampleDocument = {
  typeFichier: 'convention',
  objets: [{ typeObjet: 'dossier', idObjet: 'INT-0001' }],
  _files: { 'convention.pdf': emptyPdf },
};

/** Files that go with a dossier or an invoice. */
@Controller(':opcoId/documents')
@OpcoParam()
export class DocumentsController {
  constructor(private readonly door: DepositDoor) {}

  @Post()
  @TakesFiles()
  @ThroughPipeline({ endpoint: 'depositDocument', upTo: 'validate-request' })
  @Describe({
    tag: 'Dépôts',
    summary: 'Déposer un document',
    body: { schema: DocumentDeposit, example: exampleDocument },
    answers: { 202: JobTicket, 200: JobTicket },
    errors: depositErrors,
    idempotent: true,
  })
  deposit(
    @CurrentExchange() exchange: Exchange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTicket> {
    return this.door.accept('documents', exchange, { request, reply });
  }
}
