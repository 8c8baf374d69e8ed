import { Body, Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { WebhookDelivery, WebhookView } from '../../core/contract/webhook.js';
import { WebhookRecovered, WebhookRecovery, WebhookRotated } from '../../core/contract/webhook-operations.js';
import type { Tenant } from '../../core/tenant.js';
import { RedeliveryRepository } from '../../webhooks/redelivery.repository.js';
import { VerifyWebhook } from '../../webhooks/verify-webhook.js';
import { WebhookSecretsRepository } from '../../webhooks/webhook-secrets.repository.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { authorOf } from '../author-of.js';
import { ContractPipe } from '../contract.pipe.js';
import { Describe } from '../openapi/describe.decorator.js';
import { UuidPipe } from '../uuid.pipe.js';

const example = { since: '2026-01-02T03:04:05.000Z' };

/** What one does with a webhook that stands: its secret, its proof, and deliveries that did not arrive. */
@Controller('webhooks')
export class WebhookOperationsController {
  constructor(
    private readonly secrets: WebhookSecretsRepository,
    private readonly verification: VerifyWebhook,
    private readonly redeliveries: RedeliveryRepository,
  ) {}

  @Post(':id/rotate-secret')
  @HttpCode(200)
  @Describe({
    tag: 'Webhooks',
    summary: 'Changer le secret ; le nouveau n’est montré qu’ici',
    about:
      'Jusqu’à `previousUntil`, chaque envoi porte deux signatures `v1` : celle du nouveau secret, puis celle de l’ancien. ' +
      '`Opcovia-Signature` est aussitôt celle du nouveau.',
    answers: { 200: WebhookRotated },
    errors: ['NOT_FOUND'],
  })
  rotateSecret(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Req() request: FastifyRequest,
  ): Promise<WebhookRotated> {
    return this.secrets.rotate(tenant.hash, id, authorOf(tenant, request));
  }

  @Post(':id/verify')
  @HttpCode(200)
  @Describe({
    tag: 'Webhooks',
    summary: 'Vérifier que l’adresse est bien la vôtre',
    about:
      'Un événement `webhook.test` signé part aussitôt ; l’adresse répond 2xx avec la valeur de `data.challenge`, seule ou dans ' +
      '`{"challenge": …}`. 409 sinon, après le délai d’un essai si rien ne répond. Un webhook `unverified` devient `active`.',
    answers: { 200: WebhookView },
    errors: ['NOT_FOUND', 'CONFLICT'],
  })
  verify(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Req() request: FastifyRequest,
  ): Promise<WebhookView> {
    return this.verification.verify(tenant.hash, id, authorOf(tenant, request));
  }

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
