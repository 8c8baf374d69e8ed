import { Body, Controller, Get, Param, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { PollingOrder, PollingView } from '../../core/contract/polling.js';
import type { Tenant } from '../../core/tenant.js';
import { PollingRepository } from '../../poller/polling.repository.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { authorOf } from '../author-of.js';
import { ContractPipe } from '../../platform/http/contract.pipe.js';
import { KnownOpcoPipe } from '../known-opco.pipe.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';

/** The watch over the tenant's dossiers at an OPCO. */
@Controller(':opcoId/polling')
@OpcoParam()
export class PollingController {
  constructor(private readonly polling: PollingRepository) {}

  @Get()
  @Describe({
    tag: 'Suivi',
    summary: 'Où en est le suivi des dossiers chez un OPCO',
    about: 'Dernière et prochaine lecture, dossiers suivis, et absences en masse retenues par le frein.',
    answers: { 200: PollingView },
    errors: ['NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  view(@CurrentTenant() tenant: Tenant, @Param('opcoId', KnownOpcoPipe) opcoId: string): Promise<PollingView> {
    return this.polling.view(tenant.hash, opcoId);
  }

  @Put()
  @Describe({
    tag: 'Suivi',
    summary: 'Suspendre, reprendre ou régler le suivi',
    about:
      'En pause, Opcovia ne lit plus rien de soi-même chez cet OPCO ; vos lectures et dépôts continuent. `acceptDeletions` lève un jour le frein sur les suppressions en masse.',
    body: { schema: PollingOrder, example: { status: 'active' } },
    answers: { 200: PollingView },
    errors: ['VALIDATION_ERROR', 'NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  change(
    @CurrentTenant() tenant: Tenant,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Body(new ContractPipe(PollingOrder)) order: PollingOrder,
    @Req() request: FastifyRequest,
  ): Promise<PollingView> {
    return this.polling.change(tenant.hash, opcoId, { ...order, ...authorOf(tenant, request) });
  }
}
