import Type, { type Static } from 'typebox';
import { endpointNames } from '../endpoint.js';
import { OpcoIdSchema } from './opco-id.js';

/** One line of the capability matrix. */
export const CapabilityLine = Type.Object(
  {
    endpoint: Type.Enum([...endpointNames], { type: 'string' }),
    state: Type.Enum(['supported', 'test', 'unknown', 'absent'], {
      type: 'string',
      description: 'Seul supported est servi',
    }),
    norm: Type.Optional(Type.Enum(['v1', 'v2'], { type: 'string' })),
    since: Type.Optional(Type.String({ description: 'YYYY ou YYYY-MM-DD' })),
    note: Type.Optional(Type.String()),
  },
  { $id: 'CapabilityLine' },
);
export type CapabilityLine = Static<typeof CapabilityLine>;

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
