import { Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exampleCerfa } from '../../core/contract/cerfa-example.js';
import { Dossier, DossierDeposit } from '../../core/contract/dossier.js';
import { JobTicket } from '../../core/contract/job.js';
import { EtatsPage, EtatsQuery } from '../../core/contract/paging.js';
import type { Exchange } from '../../core/exchange.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { ThroughPipeline } from '../../pipeline/through-pipeline.decorator.js';
import { TakesFiles } from '../admission/takes-files.decorator.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';
import { depositErrors, readErrors } from '../openapi/route-errors.js';
import { DepositDoor } from './accept.js';
import { NumeroInterneQuery } from './dossier-query.js';
import { askEtats, EtatsPages, readEtatsQuery } from './etats-pages.js';

/** Dossiers of the tenant at one OPCO: one, all their states, a new one. */
@Controller(':opcoId/dossiers')
@OpcoParam()
export class DossiersController {
  constructor(
    private readonly pages: EtatsPages,
    private readonly door: DepositDoor,
  ) {}

  @Get()
  @ThroughPipeline({ endpoint: 'dossier' })
  @Describe({
    tag: 'Dossiers',
    summary: 'Un dossier : cerfa, échéances, engagements, facturation',
    query: NumeroInterneQuery,
    answers: { 200: Dossier },
    errors: readErrors,
  })
  dossier(@CurrentExchange() exchange: Exchange): Buffer {
    return exchange.answer();
  }

  @Get('etats')
  @ThroughPipeline({ endpoint: 'etats', ask: (raw, adapter) => askEtats(readEtatsQuery(raw), adapter.paging) })
  @Describe({
    tag: 'Dossiers',
    summary: 'États des dossiers du CFA, page par page',
    about: "Une seule forme, que l'OPCO réponde par un tableau (V1) ou par des pages (V2).",
    query: EtatsQuery,
    answers: { 200: EtatsPage },
    errors: readErrors,
  })
  etats(@CurrentExchange() exchange: Exchange, @Query() raw: Record<string, unknown>): Promise<EtatsPage> {
    return this.pages.cut(exchange, readEtatsQuery(raw));
  }

  @Get('liste')
  @ThroughPipeline({ endpoint: 'liste' })
  @Describe({
    tag: 'Dossiers',
    summary: 'Plusieurs dossiers, par leurs numéros (pas encore servi)',
    answers: { 200: null },
    errors: readErrors,
  })
  liste(@CurrentExchange() exchange: Exchange): Buffer {
    return exchange.answer();
  }

  @Get(':numeroInterne')
  @ThroughPipeline({ endpoint: 'dossier' })
  @Describe({
    tag: 'Dossiers',
    summary: 'Un dossier, par son numéro dans le chemin',
    answers: { 200: Dossier },
    errors: readErrors,
  })
  dossierByPath(@CurrentExchange() exchange: Exchange, @Param('numeroInterne') _numeroInterne: string): Buffer {
    return exchange.answer();
  }

  @Post()
  @TakesFiles()
  @ThroughPipeline({ endpoint: 'depositDossier', upTo: 'validate-request' })
  @Describe({
    tag: 'Dépôts',
    summary: 'Déposer un contrat (CERFA 10103*14)',
    about: "Enregistré durablement avant la réponse, puis envoyé à l'OPCO ; suivez `statusUrl`.",
    body: { schema: DossierDeposit, example: { cerfa: exampleCerfa() } },
    answers: { 202: JobTicket, 200: JobTicket },
    errors: depositErrors,
    idempotent: true,
  })
  deposit(
    @CurrentExchange() exchange: Exchange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTicket> {
    return this.door.accept('dossiers', exchange, { request, reply });
  }
}
