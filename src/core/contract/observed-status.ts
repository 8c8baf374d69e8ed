import Type, { type Static } from 'typebox';

/** Answer of `GET /:opcoId/status`: what the OPCO says of itself, and what this process has seen of it. */
export const ObservedStatus = Type.Object(
  {
    status: Type.Enum(['healthy', 'degraded', 'unhealthy'], { type: 'string' }),
    supportedVersions: Type.Array(Type.String()),
    uptime: Type.Number({ minimum: 0, description: 'Secondes' }),
    observed: Type.Object({
      calls: Type.Integer({ minimum: 0, description: 'Appels observés dans la fenêtre récente' }),
      errorRate: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]),
      p95Ms: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
      breaker: Type.Enum(['closed', 'open', 'half-open'], { type: 'string' }),
    }),
  },
  { $id: 'ObservedStatus' },
);
export type ObservedStatus = Static<typeof ObservedStatus>;
