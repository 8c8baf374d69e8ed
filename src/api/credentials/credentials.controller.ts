import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { RESPONSE_CACHE } from '../../cache/cache.tokens.js';
import { everyRead } from '../../core/cache-address.js';
import { CredentialDraft, CredentialView } from '../../core/contract/credentials.js';
import { fail } from '../../core/errors.js';
import type { ResponseCache } from '../../core/response-cache.js';
import type { Tenant } from '../../core/tenant.js';
import {
  type CredentialMask,
  OpcoCredentialsRepository,
  rememberedMs,
} from '../../tenancy/opco-credentials.repository.js';
import { CurrentTenant } from '../admission/current-tenant.decorator.js';
import { authorOf } from '../author-of.js';
import { ContractPipe } from '../../platform/http/contract.pipe.js';
import { KnownOpcoPipe } from '../known-opco.pipe.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';

/** The tenant's own key at an OPCO: it can be stored, replaced and removed, and is never shown again. */
@Controller(':opcoId/credentials')
@OpcoParam()
export class CredentialsController {
  constructor(
    private readonly credentials: OpcoCredentialsRepository,
    @Inject(RESPONSE_CACHE) private readonly cache: ResponseCache,
  ) {}

  @Put()
  @Describe({
    tag: 'Identifiants',
    summary: "Enregistrer ou remplacer la clé du CFA chez l'OPCO",
    about: 'Chiffrée, jamais relue. Les réponses gardées avec la clé précédente sont oubliées.',
    body: { schema: CredentialDraft, example: { cle: 'sandbox-cfa-key-akto' } },
    answers: { 200: CredentialView },
    errors: ['VALIDATION_ERROR', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  async put(
    @CurrentTenant() tenant: Tenant,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Body(new ContractPipe(CredentialDraft)) { cle }: CredentialDraft,
    @Req() request: FastifyRequest,
  ): Promise<CredentialView> {
    const mask = await this.credentials.put(tenant.hash, { opcoId, key: cle, ...authorOf(tenant, request) });
    await this.#forget(tenant, opcoId);
    return viewOf(mask);
  }

  @Get()
  @Describe({
    tag: 'Identifiants',
    summary: 'Ce qui est enregistré, masqué',
    about: 'Au plus les quatre derniers caractères de la clé, et les dates.',
    answers: { 200: CredentialView },
    errors: ['NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  async get(@CurrentTenant() tenant: Tenant, @Param('opcoId', KnownOpcoPipe) opcoId: string): Promise<CredentialView> {
    const mask = await this.credentials.find(tenant.hash, opcoId);
    if (!mask) throw nothingStored();
    return viewOf(mask);
  }

  @Delete()
  @HttpCode(204)
  @Describe({
    tag: 'Identifiants',
    summary: 'Retirer la clé ; la surveillance de cet OPCO s’arrête',
    about: 'Les lectures chez cet OPCO répondent ensuite 502 `UPSTREAM_AUTH`, jusqu’à ce qu’une clé soit enregistrée.',
    answers: { 204: null },
    errors: ['NOT_FOUND', 'UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  async remove(
    @CurrentTenant() tenant: Tenant,
    @Param('opcoId', KnownOpcoPipe) opcoId: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    if (!(await this.credentials.remove(tenant.hash, opcoId, authorOf(tenant, request)))) throw nothingStored();
    await this.#forget(tenant, opcoId);
  }

  /**
   * What one key was shown is not for the next one, nor for none: now, and once more when every instance has surely stopped using
   * the old key, since one of them may still have asked with it and kept the answer.
   */
  async #forget(tenant: Tenant, opcoId: string): Promise<void> {
    const forget = () => this.cache.forget(opcoId, tenant.hash, [everyRead]);
    await forget();
    setTimeout(() => void forget(), rememberedMs + 1000).unref();
  }
}

function nothingStored() {
  return fail('NOT_FOUND', { detail: "Aucune clé n'est enregistrée pour cet OPCO." });
}

function viewOf({ opcoId, hint, createdAt, updatedAt }: CredentialMask): CredentialView {
  return {
    opcoId: opcoId as CredentialView['opcoId'],
    indice: hint,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
