import Type, { type Static } from 'typebox';

/** Health of an OPCO's API, as the OPCO tells it (norm.md 1.3). */
export const OpcoStatus = Type.Object(
  {
    status: Type.Enum(['healthy', 'degraded', 'unhealthy'], { type: 'string' }),
    supportedVersions: Type.Array(Type.String()),
    uptime: Type.Number({ minimum: 0, description: 'Secondes' }),
  },
  { $id: 'OpcoStatus' },
);
export type OpcoStatus = Static<typeof OpcoStatus>;
