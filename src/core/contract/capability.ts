import Type, { type Static } from 'typebox';
import {
  endpointNames,
  type Capability,
  type CapabilityName,
  type EndpointName,
  type OpcoAdapter,
  type OpcoId,
} from '../endpoint.js';
import { OpcoIdSchema } from './opco-id.js';

/** One line of the capability matrix. */
export const CapabilityLine = Type.Object(
  {
    endpoint: Type.Enum([...endpointNames], { type: 'string' }),
    state: Type.Enum(['supported', 'test', 'unknown', 'absent'], {
      type: 'string',
      description:
        "supported est servi ; test et unknown ne le sont que si l'exploitant les a activés ; absent ne l'est jamais",
    }),
    norm: Type.Optional(Type.Enum(['v1', 'v2'], { type: 'string' })),
    since: Type.Optional(Type.String({ description: 'YYYY ou YYYY-MM-DD' })),
    note: Type.Optional(Type.String()),
    enabled: Type.Optional(
      Type.Literal(true, { type: 'boolean', description: "Servi parce que l'exploitant l'a activé ; absent sinon" }),
    ),
  },
  { $id: 'CapabilityLine' },
);
export type CapabilityLine = Static<typeof CapabilityLine>;

/** The operator's word on a capability that is in test or unknown. */
export type Enables = (opcoId: OpcoId, capability: CapabilityName) => boolean;

/**
 * Every capability of an OPCO, each followed by its newer version on trial where there is one. A trial that is enabled takes the
 * place of the line before it.
 */
export function capabilityLines(
  { id, capabilities, trials = {} }: Pick<OpcoAdapter, 'id' | 'capabilities' | 'trials'>,
  enables: Enables = () => false,
): CapabilityLine[] {
  const line = (endpoint: EndpointName, name: CapabilityName, capability: Capability): CapabilityLine => ({
    endpoint,
    ...capability,
    ...(enables(id, name) && { enabled: true as const }),
  });
  return endpointNames.flatMap((endpoint) => {
    const trial = trials[endpoint]?.capability;
    return [
      line(endpoint, endpoint, capabilities[endpoint]),
      ...(trial ? [line(endpoint, `${endpoint}-v2`, trial)] : []),
    ];
  });
}

/** Answer of `GET /:opcoId/capabilities`. */
export const OpcoCapabilities = Type.Object(
  {
    opcoId: OpcoIdSchema,
    label: Type.String(),
    normVersions: Type.Array(Type.String()),
    capabilities: Type.Array(CapabilityLine),
  },
  { $id: 'OpcoCapabilities' },
);
export type OpcoCapabilities = Static<typeof OpcoCapabilities>;
