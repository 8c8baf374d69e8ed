import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exampleFacture, FactureDeposit, FactureFields } from '../../core/contract/facture.js';
import { FacturesPage, type EtatFacture } from '../../core/contract/factures-etats.js';
import type { JobTicket, Preflight } from '../../core/contract/job.js';
import { EtatsQuery } from '../../core/contract/paging.js';
import type { Exchange } from '../../core/exchange.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { ThroughPipeline } from '../../pipeline/through-pipeline.decorator.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';
import { DepositDoor } from './accept.js';
import { DepositRoute } from './deposit-route.decorator.js';
import { askEtats, cutAtOnce, EtatsPages, readEtatsQuery } from './etats-pages.js';

/** Invoices of the tenant at one OPCO: their states, a new one. */
@Controller(':opcoId/factures')
@OpcoParam()
export class FacturesController {
  constructor(
    private readonly pages: EtatsPages,
    private readonly door: DepositDoor,
  ) {}

  @Get('etats')
  @ThroughPipeline({
    endpoint: 'facturesEtats',
    ask: (raw, adapter) => askEtats(readEtatsQuery(raw), adapter.paging),
    atOnce: cutAtOnce,
  })
  @Describe({
    tag: 'Factures',
    summary: 'États des factures du CFA, page par page',
    about: 'Avec le règlement et son virement quand l’OPCO les donne.',
    query: EtatsQuery,
    answers: { 200: FacturesPage },
    read: true,
  })
  etats(@CurrentExchange() exchange: Exchange, @Query() raw: Record<string, unknown>): Promise<FacturesPage> {
    return this.pages.cut<EtatFacture>(exchange, readEtatsQuery(raw));
  }

  @DepositRoute({
    endpoint: 'depositFacture',
    summary: 'Déposer une facture',
    body: { schema: FactureDeposit, fields: FactureFields, example: exampleFacture() },
  })
  deposit(
    @CurrentExchange() exchange: Exchange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTicket | Preflight> {
    return this.door.accept('factures', exchange, { request, reply });
  }
}
