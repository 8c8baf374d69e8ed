import type { OpcoAdapter } from '../core/endpoint.js';
import type { EnabledCapability } from '../platform/config/enabled-capabilities.js';
import type { OperatorEnables } from './01-resolve-adapter/resolve-adapter.stage.js';

/** Names the one `OperatorEnables` of this process. */
export const OPERATOR_ENABLES = Symbol('OPERATOR_ENABLES');

const key = (opcoId: string, capability: string) => `${opcoId}:${capability}`;

/**
 * The operator's word on each capability. Throws where it is about one that cannot be enabled: what is absent has no
 * endpoint, what is supported is served anyway.
 */
export function operatorEnables(
  adapters: readonly OpcoAdapter[],
  enabled: readonly EnabledCapability[],
): OperatorEnables {
  const open = new Set(adapters.flatMap(enableable));
  if (enabled.some(({ opcoId, capability }) => !open.has(key(opcoId, capability)))) {
    throw new Error(
      'OPCOVIA_ENABLED_CAPABILITIES names a capability that is neither unknown nor in test; see docs/opcos.md',
    );
  }
  const chosen = new Set(enabled.map(({ opcoId, capability }) => key(opcoId, capability)));
  return (opcoId, capability) => chosen.has(key(opcoId, capability));
}

function enableable({ id, capabilities, trials = {} }: OpcoAdapter): string[] {
  const unsure = Object.entries(capabilities).filter(([, { state }]) => state === 'unknown' || state === 'test');
  return [...unsure.map(([name]) => key(id, name)), ...Object.keys(trials).map((name) => key(id, `${name}-v2`))];
}
