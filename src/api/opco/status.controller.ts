import { Controller, Get, Inject, Param } from '@nestjs/common';
import Type from 'typebox';
import { CfaKeyInfo, CfaKeyInfoQuery } from '../../core/contract/cfakeyinfo.js';
import { capabilityLines, OpcoCapabilities, type Enables } from '../../core/contract/capability.js';
import { ObservedStatus } from '../../core/contract/observed-status.js';
import type { OpcoStatus } from '../../core/contract/status.js';
import type { OpcoAdapter } from '../../core/endpoint.js';
import type { Exchange } from '../../core/exchange.js';
import { opcoNotServed } from '../../core/opco-not-served.js';
import { adapterOf, adapters } from '../../opco/adapters.js';
import { OpcoHealth, type ObservedHealth } from '../../pipeline/06-call/opco-health.js';
import { DriftWatch } from '../../pipeline/08-validate-response/drift-watch.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { OPERATOR_ENABLES } from '../../pipeline/operator-enables.js';
import { asKept, ThroughPipeline } from '../../pipeline/through-pipeline.decorator.js';
import { KnownOpcoPipe } from '../known-opco.pipe.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';

/** The key is taken out of the question before the first room sees it. */
const CfaKeyInfoRouteQuery = Type.Object({
  ...CfaKeyInfoQuery.properties,
  XAPIKEY: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: "Clé du CFA chez l'OPCO" })),
});

const Matrix = Type.Object({ data: Type.Array(OpcoCapabilities) }, { $id: 'CapabilityMatrix' });

/** How an OPCO is, and what it can do. */
@Controller()
export class StatusController {
  constructor(
    private readonly health: OpcoHealth,
    private readonly drift: DriftWatch,
    @Inject(OPERATOR_ENABLES) private readonly enables: Enables,
  ) {}

  @Get(':opcoId/status')
  @OpcoParam()
  @ThroughPipeline({ endpoint: 'status' })
  @Describe({
    tag: 'OPCO',
    summary: "Santé de l'OPCO, dite par lui et observée par Opcovia",
    about: "`observed` : ce que cette instance a vu, taux d'erreur, p95, disjoncteur, écarts avec le contrat.",
    answers: { 200: ObservedStatus },
    read: true,
  })
  status(@CurrentExchange() exchange: Exchange): ObservedStatus {
    const { opcoId, tenant } = exchange.call;
    const health = this.health.observed(opcoId, tenant.environment);
    const observed = { ...health, drift: this.drift.observed(opcoId, tenant.environment) };
    const adapter = exchange.peek('adapter');
    if (adapter && isDown(exchange, observed))
      return { status: 'unhealthy', supportedVersions: [...adapter.normVersions], uptime: 0, observed };
    return { ...(exchange.reply().value() as OpcoStatus), observed };
  }

  @Get(':opcoId/cfakeyinfo')
  @OpcoParam()
  @ThroughPipeline({ endpoint: 'cfakeyinfo', atOnce: asKept })
  @Describe({
    tag: 'OPCO',
    summary: "Validité de la clé du CFA chez l'OPCO",
    about:
      "La clé jugée est celle de l'en-tête `X-CFA-KEY`, sinon celle du paramètre `XAPIKEY` (compatibilité : préférez l'en-tête, une adresse laisse des traces), sinon celle enregistrée par `PUT /:opcoId/credentials`.",
    query: CfaKeyInfoRouteQuery,
    asks: ['X-CFA-KEY'],
    answers: { 200: CfaKeyInfo },
    read: true,
  })
  cfaKeyInfo(@CurrentExchange() exchange: Exchange): Buffer {
    return exchange.answer();
  }

  @Get(':opcoId/capabilities')
  @OpcoParam()
  @Describe({
    tag: 'OPCO',
    summary: "Ce que l'OPCO propose, par version de la norme",
    about: 'Seul `supported` est servi, et ce que l’exploitant a activé ; le reste répond 501 avec la note.',
    answers: { 200: OpcoCapabilities },
    errors: ['UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  capabilities(@Param('opcoId', KnownOpcoPipe) opcoId: string): OpcoCapabilities {
    const adapter = adapterOf(opcoId);
    if (!adapter) throw opcoNotServed();
    return this.#capabilitiesOf(adapter);
  }

  @Get('capabilities')
  @Describe({
    tag: 'OPCO',
    summary: 'La matrice de tous les OPCO',
    about: 'Route par route : ce que chacun propose, depuis quand, et pourquoi non.',
    answers: { 200: Matrix },
  })
  matrix(): { data: OpcoCapabilities[] } {
    return { data: adapters.map((adapter) => this.#capabilitiesOf(adapter)) };
  }

  #capabilitiesOf(adapter: OpcoAdapter): OpcoCapabilities {
    const { id: opcoId, label, normVersions } = adapter;
    return { opcoId, label, normVersions: [...normVersions], capabilities: capabilityLines(adapter, this.enables) };
  }
}

/** Whether the failure itself is the answer. That nothing is configured, or nothing kept for `only-if-cached`, says nothing about the OPCO. */
function isDown({ failure, call }: Exchange, { breakers }: ObservedHealth): boolean {
  if (failure?.code === 'UPSTREAM_UNAVAILABLE') return breakers.read !== 'closed';
  return failure?.code === 'UPSTREAM_ERROR' || (failure?.code === 'UPSTREAM_TIMEOUT' && !call.cache.onlyIfCached);
}
