import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MeView, OwnKeyCreated, OwnKeyDraft } from '../../core/contract/me.js';
import type { Tenant } from '../../core/tenant.js';
import { OwnKeysRepository } from '../../tenancy/own-keys.repository.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { authorOf } from '../author-of.js';
import { ContractPipe } from '../../platform/http/contract.pipe.js';
import { Describe } from '../openapi/describe.decorator.js';
import { toItself } from '../openapi/links.js';
import { UuidPipe } from '../uuid.pipe.js';

const rotation = `Rotation sans coupure : créez la nouvelle clé avec \`retireCurrentAfterSeconds\`, déployez-la ; l’ancienne est refusée
une fois le délai passé, ou dès que vous la révoquez. Jobs, webhooks et clés d’idempotence sont au CFA, non à la clé : rien ne se perd.`;

/** The tenant itself, and the keys by which it enters. */
@Controller('me')
export class MeController {
  constructor(private readonly keys: OwnKeysRepository) {}

  @Get()
  @Describe({
    tag: 'Compte',
    summary: 'Qui suis-je, et avec quelles clés',
    about: 'Les clés se reconnaissent à leur début ; leur texte n’est montré qu’à leur création.',
    answers: { 200: MeView },
  })
  me(@CurrentTenant() tenant: Tenant): Promise<MeView> {
    return this.keys.describe(tenant);
  }

  @Post('keys')
  @Describe({
    tag: 'Compte',
    summary: 'Créer une clé ; elle n’est montrée qu’ici',
    about: rotation,
    body: { schema: OwnKeyDraft, example: { label: 'Poste de secours' } },
    answers: { 201: OwnKeyCreated },
    locates: [201],
    links: { 201: toItself({ me_revoke: 'La révoquer' }) },
    errors: ['VALIDATION_ERROR', 'CONFLICT'],
  })
  async create(
    @CurrentTenant() tenant: Tenant,
    @Body(new ContractPipe(OwnKeyDraft)) draft: OwnKeyDraft,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OwnKeyCreated> {
    const created = await this.keys.create(tenant, draft, authorOf(tenant, request));
    void reply.header('location', `/me/keys/${created.id}`);
    return created;
  }

  @Delete('keys/:id')
  @HttpCode(204)
  @Describe({
    tag: 'Compte',
    summary: 'Révoquer une clé',
    about: 'Elle est refusée partout en quelques secondes ; la dernière en vigueur ne peut être révoquée (409).',
    answers: { 204: null },
    errors: ['NOT_FOUND', 'CONFLICT'],
  })
  revoke(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    return this.keys.revoke(tenant, id, authorOf(tenant, request));
  }
}
