import { Controller, Get, Param } from '@nestjs/common';
import Type from 'typebox';
import { OpcoCapabilities } from '../../core/contract/capability.js';
import { ObservedStatus } from '../../core/contract/observed-status.js';
import type { OpcoStatus } from '../../core/contract/status.js';
import { endpointNames, type OpcoAdapter } from '../../core/endpoint.js';
import type { Exchange } from '../../core/exchange.js';
import { opcoNotServed } from '../../core/opco-not-served.js';
import { adapterOf, adapters } from '../../opco/adapters.js';
import { OpcoHealth, type ObservedHealth } from '../../pipeline/06-call/opco-health.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { ThroughPipeline } from '../../pipeline/through-pipeline.decorator.js';
import { KnownOpcoPipe } from '../known-opco.pipe.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';
import { readErrors } from '../openapi/route-errors.js';

const Matrix = Type.Object({ data: Type.Array(OpcoCapabilities) }, { $id: 'CapabilityMatrix' });

/** How an OPCO is, and what it can do. */
@Controller()
export class StatusController {
  constructor(private readonly health: OpcoHealth) {}

  @Get(':opcoId/status')
  @OpcoParam()
  @ThroughPipeline({ endpoint: 'status' })
  @Describe({
    tag: 'OPCO',
    summary: "Santé de l'OPCO, dite par lui et observée par Opcovia",
    answers: { 200: ObservedStatus },
    errors: readErrors,
  })
  status(@CurrentExchange() exchange: Exchange): ObservedStatus {
    const observed = this.health.observed(exchange.call.opcoId, exchange.call.tenant.environment);
    const adapter = exchange.peek('adapter');
    if (adapter && isDown(exchange, observed))
      return { status: 'unhealthy', supportedVersions: [...adapter.normVersions], uptime: 0, observed };
    return { ...(exchange.reply().value() as OpcoStatus), observed };
  }

  @Get(':opcoId/capabilities')
  @OpcoParam()
  @Describe({
    tag: 'OPCO',
    summary: "Ce que l'OPCO propose, par version de la norme",
    answers: { 200: OpcoCapabilities },
    errors: ['UNKNOWN_OPCO', 'NOT_SUPPORTED'],
  })
  capabilities(@Param('opcoId', KnownOpcoPipe) opcoId: string): OpcoCapabilities {
    const adapter = adapterOf(opcoId);
    if (!adapter) throw opcoNotServed(opcoId);
    return capabilitiesOf(adapter);
  }

  @Get('capabilities')
  @Describe({ tag: 'OPCO', summary: 'La matrice de tous les OPCO', answers: { 200: Matrix } })
  matrix(): { data: OpcoCapabilities[] } {
    return { data: adapters.map(capabilitiesOf) };
  }
}

/** Whether the failure itself is the answer. That nothing is configured, or nothing kept for `only-if-cached`, says nothing about the OPCO. */
function isDown({ failure, call }: Exchange, { breaker }: ObservedHealth): boolean {
  if (failure?.code === 'UPSTREAM_UNAVAILABLE') return breaker !== 'closed';
  return failure?.code === 'UPSTREAM_ERROR' || (failure?.code === 'UPSTREAM_TIMEOUT' && !call.cache.onlyIfCached);
}

function capabilitiesOf(adapter: OpcoAdapter): OpcoCapabilities {
  return {
    opcoId: adapter.id,
    label: adapter.label,
    normVersions: [...adapter.normVersions],
    capabilities: endpointNames.map((endpoint) => ({ endpoint, ...adapter.capabilities[endpoint] })),
  };
}
