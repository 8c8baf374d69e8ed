import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import Type, { type Static } from 'typebox';
import { BulkRetry, JobPage, JobResolution, JobView, jobStatuses, jobTypes } from '../../core/contract/job.js';
import type { Tenant } from '../../core/tenant.js';
import { type JobActor, JobRepository } from '../../queue/job.repository.js';
import { Redrive } from '../../queue/redrive.js';
import { CurrentActor } from '../admission/current-actor.decorator.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { ContractPipe } from '../../platform/http/contract.pipe.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';
import { pageFields } from '../page-query.js';
import { readQuery } from '../read-query.js';
import { KnownOpcoPipe } from '../known-opco.pipe.js';
import { UuidPipe } from '../uuid.pipe.js';

const JobQuery = Type.Object(
  {
    status: Type.Optional(Type.Enum([...jobStatuses], { type: 'string', description: 'État du job' })),
    type: Type.Optional(Type.Enum([...jobTypes], { type: 'string', description: 'Type de dépôt' })),
    ...pageFields,
  },
  { additionalProperties: false },
);
type JobQuery = Static<typeof JobQuery>;

const RetryQuery = Type.Object(
  {
    type: Type.Optional(Type.Enum([...jobTypes], { type: 'string', description: 'Type de dépôt' })),
    code: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'Code de la dernière entrée de `timeline` : pourquoi il a échoué',
      }),
    ),
    since: Type.Optional(Type.String({ format: 'date-time', description: 'En échec depuis ce moment' })),
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 500, description: 'Dépôts à relancer au plus' }),
  },
  { additionalProperties: false },
);
type RetryQuery = Static<typeof RetryQuery>;

/** What became of the tenant's deposits. */
@Controller(':opcoId/jobs')
@OpcoParam()
export class JobsController {
  constructor(
    private readonly jobs: JobRepository,
    private readonly redrive: Redrive,
  ) {}

  @Get()
  @Describe({
    tag: 'Jobs',
    summary: 'Les dépôts chez un OPCO, du plus récent au plus ancien',
    about: 'Filtrez par `status` et par `type` ; `nextCursor` mène à la page suivante.',
    query: JobQuery,
    answers: { 200: JobPage },
    errors: ['VALIDATION_ERROR', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  list(
    @CurrentTenant() tenant: Tenant,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Query() raw: Record<string, unknown>,
  ): Promise<JobPage> {
    return this.jobs.list(tenant.hash, opcoId, readQuery<JobQuery>(JobQuery, raw));
  }

  @Post('retry')
  @HttpCode(200)
  @Describe({
    tag: 'Jobs',
    summary: 'Relancer des dépôts qui ont échoué',
    about:
      'Les plus anciens d’abord, 500 au plus par appel, chacun selon les règles de la relance d’un seul ; tant que `remaining` ' +
      'n’est pas 0, appelez de nouveau.',
    query: RetryQuery,
    answers: { 200: BulkRetry },
    errors: ['VALIDATION_ERROR', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  retryAll(
    @CurrentActor() actor: JobActor,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Query() raw: Record<string, unknown>,
  ): Promise<BulkRetry> {
    const { type, code, since, limit } = readQuery<RetryQuery>(RetryQuery, raw);
    return this.redrive.ofTenant(
      actor,
      {
        opcoId,
        ...(type !== undefined && { type }),
        ...(code !== undefined && { code }),
        ...(since !== undefined && { since: new Date(since) }),
      },
      limit,
    );
  }

  @Get(':jobId')
  @Describe({
    tag: 'Jobs',
    summary: 'Suivre un dépôt',
    about: 'Où il en est, ce qui est certain de son effet chez l’OPCO (`outcome`), et ce qui s’est passé (`timeline`).',
    answers: { 200: JobView },
    errors: ['NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  view(
    @CurrentTenant() tenant: Tenant,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Param('jobId', UuidPipe) jobId: string,
  ): Promise<JobView> {
    return this.jobs.view(tenant.hash, opcoId, jobId);
  }

  @Post(':jobId/retry')
  @HttpCode(200)
  @Describe({
    tag: 'Jobs',
    summary: 'Relancer un dépôt qui a échoué',
    about: 'Le même contenu, une nouvelle fois ; 409 si son état ne le permet pas.',
    answers: { 200: JobView },
    errors: ['NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED', 'CONFLICT'],
  })
  retry(
    @CurrentActor() actor: JobActor,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Param('jobId', UuidPipe) jobId: string,
  ): Promise<JobView> {
    return this.jobs.retry(actor, opcoId, jobId);
  }

  @Post(':jobId/cancel')
  @HttpCode(200)
  @Describe({
    tag: 'Jobs',
    summary: 'Annuler un dépôt qui n’est pas encore parti',
    about: 'Rien n’aura été envoyé à l’OPCO ; 409 dès qu’il est parti ou terminé.',
    answers: { 200: JobView },
    errors: ['NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED', 'CONFLICT'],
  })
  cancel(
    @CurrentActor() actor: JobActor,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Param('jobId', UuidPipe) jobId: string,
  ): Promise<JobView> {
    return this.jobs.cancel(actor, opcoId, jobId);
  }

  @Post(':jobId/resolve')
  @HttpCode(200)
  @Describe({
    tag: 'Jobs',
    summary: 'Trancher un dépôt à l’issue inconnue',
    about:
      'Pour un job en `needs_review`, selon ce que vous avez vérifié chez l’OPCO : `applied` le termine (ou passe à l’étape suivante), `not_applied` le renvoie (`retry`, par défaut) ou l’abandonne (`cancel`). La même réponse envoyée deux fois n’a d’effet qu’une fois ; 409 dans tout autre état.',
    body: { schema: JobResolution, example: { outcome: 'not_applied', action: 'retry' } },
    answers: { 200: JobView },
    errors: ['VALIDATION_ERROR', 'NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED', 'CONFLICT'],
  })
  resolve(
    @CurrentActor() actor: JobActor,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Param('jobId', UuidPipe) jobId: string,
    @Body(new ContractPipe(JobResolution)) resolution: JobResolution,
  ): Promise<JobView> {
    return this.jobs.resolve(actor, { opcoId, jobId }, resolution);
  }
}
