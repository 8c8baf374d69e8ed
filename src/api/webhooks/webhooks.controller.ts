import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import {
  WebhookCreated,
  WebhookDeliveryPage,
  WebhookDraft,
  WebhookPage,
  WebhookPatch,
  WebhookTest,
  WebhookView,
} from '../../core/contract/webhook.js';
import { WebhookRotated } from '../../core/contract/webhook-operations.js';
import type { Tenant } from '../../core/tenant.js';
import { DeliveryLogRepository } from '../../webhooks/delivery-log.repository.js';
import { VerifyWebhook } from '../../webhooks/verify-webhook.js';
import { WebhookSecretsRepository } from '../../webhooks/webhook-secrets.repository.js';
import { WebhookRepository } from '../../webhooks/webhook.repository.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { authorOf } from '../author-of.js';
import { ContractPipe } from '../../platform/http/contract.pipe.js';
import { Describe } from '../openapi/describe.decorator.js';
import { toItself, toItsFirstDelivery } from '../openapi/links.js';
import { PageQuery } from '../page-query.js';
import { readQuery } from '../read-query.js';
import { UuidPipe } from '../uuid.pipe.js';
import { DeliveryQuery } from './delivery-query.js';

const example = { url: 'https://cfa.example.org/opcovia', events: ['job.completed', 'dossier.etat_changed'] };

/** What one may do with a webhook that was created. */
const operations = {
  webhooks_get: 'Le relire',
  webhooks_patch: 'Le modifier',
  webhooks_test: "L'essayer",
  webhooks_deliveriesOf: 'Ses envois',
  webhooks_rotateSecret: 'En changer le secret',
  webhooks_verify: 'En vérifier l’adresse',
  deliveries_recover: 'Reprendre ce qui n’est pas arrivé',
  webhooks_remove: 'Le supprimer',
};

/** Subscriptions of the tenant, and what became of what was owed to them. */
@Controller('webhooks')
export class WebhooksController {
  constructor(
    private readonly webhooks: WebhookRepository,
    private readonly deliveries: DeliveryLogRepository,
    private readonly secrets: WebhookSecretsRepository,
    private readonly verification: VerifyWebhook,
  ) {}

  @Post()
  @Describe({
    tag: 'Webhooks',
    summary: 'Créer un webhook ; le secret n’est montré qu’ici',
    about: 'Chaque envoi est signé (Standard Webhooks, HMAC-SHA256). L’adresse doit être publique et en https.',
    body: { schema: WebhookDraft, example },
    answers: { 201: WebhookCreated },
    links: { 201: toItself(operations) },
    errors: ['VALIDATION_ERROR', 'CONFLICT'],
  })
  create(
    @CurrentTenant() tenant: Tenant,
    @Body(new ContractPipe(WebhookDraft)) draft: WebhookDraft,
    @Req() request: FastifyRequest,
  ): Promise<WebhookCreated> {
    return this.webhooks.create(tenant.hash, draft, authorOf(tenant, request));
  }

  @Get()
  @Describe({
    tag: 'Webhooks',
    summary: 'Lister les webhooks',
    about: 'Du plus ancien au plus récent, sans leurs secrets ; `nextCursor` mène à la page suivante.',
    query: PageQuery,
    answers: { 200: WebhookPage },
    errors: ['VALIDATION_ERROR'],
  })
  list(@CurrentTenant() tenant: Tenant, @Query() raw: Record<string, unknown>): Promise<WebhookPage> {
    return this.webhooks.list(tenant.hash, readQuery<PageQuery>(PageQuery, raw));
  }

  @Get(':id')
  @Describe({
    tag: 'Webhooks',
    summary: 'Un webhook',
    about: 'Avec son état, et pourquoi Opcovia l’a désactivé le cas échéant ; jamais avec son secret.',
    answers: { 200: WebhookView },
    errors: ['NOT_FOUND'],
  })
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<WebhookView> {
    return this.webhooks.get(tenant.hash, id);
  }

  @Patch(':id')
  @Describe({
    tag: 'Webhooks',
    summary: 'Modifier, mettre en pause ou réactiver',
    about: 'Ce qui est absent du corps ne change pas.',
    body: { schema: WebhookPatch, example: { status: 'paused' } },
    answers: { 200: WebhookView },
    errors: ['VALIDATION_ERROR', 'NOT_FOUND', 'CONFLICT'],
  })
  patch(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Body(new ContractPipe(WebhookPatch)) patch: WebhookPatch,
    @Req() request: FastifyRequest,
  ): Promise<WebhookView> {
    return this.webhooks.patch(tenant.hash, id, { ...patch, author: authorOf(tenant, request) });
  }

  @Delete(':id')
  @HttpCode(204)
  @Describe({
    tag: 'Webhooks',
    summary: 'Supprimer un webhook',
    about: 'Ce qui lui était encore dû n’est plus envoyé ; `GET /events` le garde.',
    answers: { 204: null },
    errors: ['NOT_FOUND'],
  })
  remove(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    return this.webhooks.delete(tenant.hash, id, authorOf(tenant, request));
  }

  @Post(':id/test')
  @HttpCode(202)
  @Describe({
    tag: 'Webhooks',
    summary: 'Envoyer un événement d’essai à ce webhook',
    about: 'Un événement `webhook.test`, signé comme les autres ; 409 si le webhook n’est pas actif.',
    answers: { 202: WebhookTest },
    errors: ['NOT_FOUND', 'CONFLICT'],
  })
  test(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Req() request: FastifyRequest,
  ): Promise<WebhookTest> {
    return this.deliveries.test(tenant.hash, id, authorOf(tenant, request));
  }

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

  @Get(':id/deliveries')
  @Describe({
    tag: 'Webhooks',
    summary: 'Ce que sont devenus les envois, du plus récent au plus ancien',
    about:
      'Chaque essai avec son instant, sa durée et le début de la réponse du récepteur ; `status=failed` : ceux qui ont échoué pour de bon.',
    query: DeliveryQuery,
    answers: { 200: WebhookDeliveryPage },
    links: { 200: toItsFirstDelivery },
    errors: ['VALIDATION_ERROR', 'NOT_FOUND'],
  })
  deliveriesOf(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Query() raw: Record<string, unknown>,
  ): Promise<WebhookDeliveryPage> {
    return this.deliveries.list(tenant.hash, id, readQuery<DeliveryQuery>(DeliveryQuery, raw));
  }
}
