import { Body, Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { WebhookDelivery } from '../../core/contract/webhook.js';
import { WebhookRecovered, WebhookRecovery } from '../../core/contract/webhook-operations.js';
import type { Tenant } from '../../core/tenant.js';
import { RedeliveryRepository } from '../../webhooks/redelivery.repository.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { authorOf } from '../author-of.js';
import { ContractPipe } from '../../platform/http/contract.pipe.js';
import { Describe } from '../openapi/describe.decorator.js';
import { UuidPipe } from '../uuid.pipe.js';

const example = { since: '2026-01-02T03:04:05.000Z' };

/** What one does with deliveries that did not arrive. */
@Controller('webhooks')
export class DeliveriesController {
  constructor(private readonly redeliveries: RedeliveryRepository) {}

  @Post(':id/deliveries/:deliveryId/replay')
  @HttpCode(202)
  @Describe({
    tag: 'Webhooks',
    summary: 'Refaire un envoi',
    about:
      'Le même identifiant, les mêmes octets, une nouvelle signature ; les essais s’ajoutent aux précédents et l’ordre du dossier est ' +
      'gardé. 409 si l’envoi est en file, ou si le webhook est désactivé.',
    answers: { 202: WebhookDelivery },
    errors: ['NOT_FOUND', 'CONFLICT'],
  })
  replay(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) webhookId: string,
    @Param('deliveryId', UuidPipe) deliveryId: string,
    @Req() request: FastifyRequest,
  ): Promise<WebhookDelivery> {
    return this.redeliveries.replay(tenant.hash, { webhookId, deliveryId }, authorOf(tenant, request));
  }

  @Post(':id/recover')
  @HttpCode(202)
  @Describe({
    tag: 'Webhooks',
    summary: 'Reprendre tout ce qui n’est pas arrivé depuis une date',
    about:
      'Les envois échoués ou annulés, et les événements qui n’ont jamais été dus au webhook parce qu’il était en pause, désactivé ou ' +
      'pas encore créé ; ni ce qui est arrivé, ni ce qui est en file. Du plus ancien au plus récent, par lots : tant que `remaining` ' +
      'n’est pas 0, appelez de nouveau avec le même corps.',
    body: { schema: WebhookRecovery, example },
    answers: { 202: WebhookRecovered },
    errors: ['VALIDATION_ERROR', 'NOT_FOUND', 'CONFLICT'],
  })
  recover(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Body(new ContractPipe(WebhookRecovery)) wanted: WebhookRecovery,
    @Req() request: FastifyRequest,
  ): Promise<WebhookRecovered> {
    return this.redeliveries.recover(tenant.hash, id, { ...wanted, author: authorOf(tenant, request) });
  }
}
