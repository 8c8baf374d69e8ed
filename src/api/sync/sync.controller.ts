import { Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { SyncEstimate, SyncPage, SyncTicket, SyncView } from '../../core/contract/sync.js';
import { fail } from '../../core/errors.js';
import type { Tenant } from '../../core/tenant.js';
import { SyncDoor } from '../../sync/sync-door.js';
import { SyncJobRepository, type SyncActor } from '../../sync/sync-job.repository.js';
import { CurrentActor } from '../admission/current-actor.decorator.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { KnownOpcoPipe } from '../known-opco.pipe.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';
import { toItsSync } from '../openapi/links.js';
import { PageQuery } from '../page-query.js';
import { readQuery } from '../read-query.js';
import { UuidPipe } from '../uuid.pipe.js';

const StartQuery = Type.Object(
  {
    estimate: Type.Optional(
      Type.Boolean({ description: 'Dit seulement combien d’appels et de minutes il y faudrait ; rien ne commence' }),
    ),
  },
  { additionalProperties: false },
);

const named = ['NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED', 'CONFLICT'] as const;

/** Bulk synchronisations: every dossier of the CFA at one OPCO, read in the background. */
@Controller(':opcoId/sync')
@OpcoParam()
export class SyncController {
  constructor(
    private readonly door: SyncDoor,
    private readonly jobs: SyncJobRepository,
  ) {}

  @Post()
  @Describe({
    tag: 'Synchronisation',
    summary: 'Lire tous les dossiers d’un OPCO',
    about:
      'La liste, puis chaque dossier, lot après lot, sans gêner les dépôts ni les lectures. Une seule à la fois par OPCO : tant qu’elle ' +
      'n’est pas terminée, un nouvel appel rend la même (200 `duplicate`). Avec `estimate=true`, 200 avec le nombre d’appels et de ' +
      'minutes, et rien ne commence. 409 sans clé du CFA enregistrée pour cet OPCO.',
    query: StartQuery,
    answers: { 200: [SyncTicket, SyncEstimate], 202: SyncTicket },
    locates: [200, 202],
    links: { 202: toItsSync },
    errors: ['VALIDATION_ERROR', 'UNKNOWN_OPCO', 'NOT_SUPPORTED', 'CONFLICT', 'UPSTREAM_AUTH'],
  })
  async start(
    @CurrentActor() actor: SyncActor,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Query() raw: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SyncTicket | SyncEstimate> {
    if (wantsEstimate(raw)) {
      void reply.status(200);
      return this.door.estimate(actor, opcoId);
    }
    const ticket = await this.door.start(actor, opcoId);
    void reply.status(ticket.status === 'duplicate' ? 200 : 202).header('location', ticket.statusUrl);
    return ticket;
  }

  @Get()
  @Describe({
    tag: 'Synchronisation',
    summary: 'Les synchronisations chez un OPCO, de la plus récente à la plus ancienne',
    about: '`nextCursor` mène à la page suivante.',
    query: PageQuery,
    answers: { 200: SyncPage },
    errors: ['VALIDATION_ERROR', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  list(
    @CurrentTenant() tenant: Tenant,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Query() raw: Record<string, unknown>,
  ): Promise<SyncPage> {
    return this.jobs.list(tenant.hash, opcoId, readQuery<PageQuery>(PageQuery, raw));
  }

  @Get(':syncId')
  @Describe({
    tag: 'Synchronisation',
    summary: 'Suivre une synchronisation',
    about:
      'Où elle en est, à quel rythme, ce qui la fait attendre ; à la fin, son rapport (`report`) ou sa cause d’échec (`error`).',
    answers: { 200: SyncView },
    errors: ['NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  view(
    @CurrentTenant() tenant: Tenant,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Param('syncId', UuidPipe) syncId: string,
  ): Promise<SyncView> {
    return this.jobs.view(tenant.hash, { opcoId, syncId });
  }

  @Post(':syncId/pause')
  @HttpCode(200)
  @Describe({
    tag: 'Synchronisation',
    summary: 'Mettre une synchronisation en pause',
    about: 'Le lot en cours sera relu à la reprise, ceux qui sont terminés jamais ; 409 si son état ne le permet pas.',
    answers: { 200: SyncView },
    errors: named,
  })
  pause(
    @CurrentActor() actor: SyncActor,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Param('syncId', UuidPipe) syncId: string,
  ): Promise<SyncView> {
    return this.jobs.pause(actor, { opcoId, syncId });
  }

  @Post(':syncId/resume')
  @HttpCode(200)
  @Describe({
    tag: 'Synchronisation',
    summary: 'Reprendre une synchronisation',
    about:
      'Après une pause, ou après un échec une fois sa cause levée : elle continue au dernier lot. 409 dans tout autre état.',
    answers: { 200: SyncView },
    errors: named,
  })
  resume(
    @CurrentActor() actor: SyncActor,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Param('syncId', UuidPipe) syncId: string,
  ): Promise<SyncView> {
    return this.jobs.resume(actor, { opcoId, syncId });
  }

  @Post(':syncId/cancel')
  @HttpCode(200)
  @Describe({
    tag: 'Synchronisation',
    summary: 'Annuler une synchronisation',
    about: 'Pour de bon ; ce qui a été lu reste. 409 si elle est déjà terminée.',
    answers: { 200: SyncView },
    errors: named,
  })
  cancel(
    @CurrentActor() actor: SyncActor,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Param('syncId', UuidPipe) syncId: string,
  ): Promise<SyncView> {
    return this.jobs.cancel(actor, { opcoId, syncId });
  }
}

/** Throws 400 for a parameter that is unknown, or a value that is neither `true` nor `false`. */
function wantsEstimate({ estimate, ...others }: Readonly<Record<string, unknown>>): boolean {
  readQuery(Type.Object({}, { additionalProperties: false }), others);
  if (estimate === undefined || estimate === 'false') return false;
  if (estimate === 'true') return true;
  throw fail('VALIDATION_ERROR', {
    findings: [{ pointer: '/query/estimate', code: 'type', message: 'Attendu : true ou false.' }],
  });
}
