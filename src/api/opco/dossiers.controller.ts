import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exampleCerfa } from '../../core/contract/cerfa-example.js';
import { CompletFields, DossierComplet, exampleComplet } from '../../core/contract/complet.js';
import { Dossier, DossierDeposit } from '../../core/contract/dossier.js';
import type { JobTicket, Preflight } from '../../core/contract/job.js';
import { DossiersListe, ListeQuery } from '../../core/contract/liste.js';
import type { Etat } from '../../core/contract/etats.js';
import { EtatsPage, EtatsQuery } from '../../core/contract/paging.js';
import { exampleRupture, RuptureDeposit } from '../../core/contract/rupture.js';
import type { Exchange } from '../../core/exchange.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { asKept, ThroughPipeline } from '../../pipeline/through-pipeline.decorator.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';
import { exampleNumeroInterne } from '../openapi/examples.js';
import { toItsDossier } from '../openapi/links.js';
import { DepositDoor } from './accept.js';
import { DepositRoute } from './deposit-route.decorator.js';
import { NumeroInterneQuery } from './dossier-query.js';
import { askEtats, cutAtOnce, EtatsPages, readEtatsQuery } from './etats-pages.js';

/** Dossiers of the tenant at one OPCO: one, several, all their states, a new one, the end of one. */
@Controller(':opcoId/dossiers')
@OpcoParam()
export class DossiersController {
  constructor(
    private readonly pages: EtatsPages,
    private readonly door: DepositDoor,
  ) {}

  @Get()
  @ThroughPipeline({ endpoint: 'dossier', atOnce: asKept })
  @Describe({
    tag: 'Dossiers',
    summary: 'Un dossier : cerfa, échéances, engagements, facturation',
    about: 'Par son numéro en paramètre, comme dans la norme.',
    query: NumeroInterneQuery,
    examples: { numeroInterne: exampleNumeroInterne },
    answers: { 200: Dossier },
    read: true,
  })
  dossier(@CurrentExchange() exchange: Exchange): Buffer {
    return exchange.answer();
  }

  @Get('etats')
  @ThroughPipeline({
    endpoint: 'etats',
    ask: (raw, adapter) => askEtats(readEtatsQuery(raw), adapter.paging),
    atOnce: cutAtOnce,
  })
  @Describe({
    tag: 'Dossiers',
    summary: 'États des dossiers du CFA, page par page',
    about: "Une seule forme, que l'OPCO réponde par un tableau (V1) ou par des pages (V2).",
    query: EtatsQuery,
    answers: { 200: EtatsPage },
    links: { 200: toItsDossier },
    read: true,
  })
  etats(@CurrentExchange() exchange: Exchange, @Query() raw: Record<string, unknown>): Promise<EtatsPage> {
    return this.pages.cut<Etat>(exchange, readEtatsQuery(raw));
  }

  @Get('liste')
  @ThroughPipeline({ endpoint: 'liste', atOnce: asKept })
  @Describe({
    tag: 'Dossiers',
    summary: 'Plusieurs dossiers, par leurs numéros',
    about: 'Les numéros auxquels l’OPCO ne répond rien sont dits dans `introuvables`.',
    query: ListeQuery,
    examples: { numerosInternes: exampleNumeroInterne },
    answers: { 200: DossiersListe },
    read: true,
  })
  liste(@CurrentExchange() exchange: Exchange): Buffer {
    return exchange.answer();
  }

  @Get(':numeroInterne')
  @ThroughPipeline({ endpoint: 'dossier', atOnce: asKept })
  @Describe({
    tag: 'Dossiers',
    summary: 'Un dossier, par son numéro dans le chemin',
    about: 'La même réponse, gardée une seule fois, quelle que soit l’adresse.',
    answers: { 200: Dossier },
    read: true,
  })
  dossierByPath(@CurrentExchange() exchange: Exchange, @Param('numeroInterne') _numeroInterne: string): Buffer {
    return exchange.answer();
  }

  @DepositRoute({
    endpoint: 'depositDossier',
    summary: 'Déposer un contrat (CERFA 10103*14)',
    body: { schema: DossierDeposit, example: { cerfa: exampleCerfa() } },
  })
  deposit(
    @CurrentExchange() exchange: Exchange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTicket | Preflight> {
    return this.door.accept('dossiers', exchange, { request, reply });
  }

  @DepositRoute({
    endpoint: 'depositRupture',
    path: 'rupture',
    summary: "Déclarer la rupture d'un contrat",
    about: "La norme nomme cette route sans en publier le corps : celui-ci est notre lecture, à confirmer avec l'OPCO.",
    body: { schema: RuptureDeposit, example: exampleRupture(exampleNumeroInterne) },
  })
  rupture(
    @CurrentExchange() exchange: Exchange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTicket | Preflight> {
    return this.door.accept('rupture', exchange, { request, reply });
  }

  @DepositRoute({
    endpoint: 'depositDossier',
    composite: true,
    path: 'complet',
    summary: 'Déposer un dossier complet : contrat, convention, documents',
    about:
      'Un seul job, étape par étape : le numéro que l’OPCO donne au dossier sert aux suivantes. Chaque partie nomme son fichier. Une étape qui échoue laisse acquises celles d’avant (`outcome: partial`) ; `retry` reprend à cette étape. 501 si l’OPCO ne propose pas l’un des dépôts demandés.',
    body: { schema: DossierComplet, fields: CompletFields, example: exampleComplet() },
  })
  complet(
    @CurrentExchange() exchange: Exchange,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTicket | Preflight> {
    return this.door.accept('complet', exchange, { request, reply });
  }
}
