import { endpointNames, opcoIds, type CapabilityName, type OpcoId } from '../../core/endpoint.js';
import type { Env } from './env.js';

/** A capability of one OPCO that the operator vouches for. */
export interface EnabledCapability {
  readonly opcoId: OpcoId;
  readonly capability: CapabilityName;
}

const names: ReadonlySet<string> = new Set(endpointNames.flatMap((name) => [name, `${name}-v2`]));

/** Reads OPCOVIA_ENABLED_CAPABILITIES; throws an Error that says what is wrong. */
export function parseEnabledCapabilities(env: Env): readonly EnabledCapability[] {
  return (env.OPCOVIA_ENABLED_CAPABILITIES ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map((word) => {
      const [opcoId = '', capability = '', ...rest] = word.split(':');
      if (!isOpcoId(opcoId)) throw new Error('it names an unknown OPCO');
      if (!isCapability(capability) || rest.length > 0) throw new Error('it names an unknown capability');
      return { opcoId, capability };
    });
}

const isOpcoId = (word: string): word is OpcoId => (opcoIds as readonly string[]).includes(word);
const isCapability = (word: string): word is CapabilityName => names.has(word);
