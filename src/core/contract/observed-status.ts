import Type, { type Static } from 'typebox';
import { endpointNames } from '../endpoint.js';

const DriftLine = Type.Object(
  {
    endpoint: Type.Enum([...endpointNames], { type: 'string' }),
    kind: Type.Enum(['unknown', 'missing', 'type'], {
      type: 'string',
      description: 'Champ inconnu, champ attendu absent, ou champ d’un autre type',
    }),
    path: Type.String({ description: 'Pointeur JSON dans nos mots ; * pour tout rang' }),
    answers: Type.Integer({ minimum: 1, description: 'Réponses concernées' }),
    firstSeenAt: Type.String({ format: 'date-time' }),
    lastSeenAt: Type.String({ format: 'date-time' }),
  },
  { $id: 'DriftLine' },
);

const BreakerState = Type.Enum(['closed', 'open', 'half-open'], { type: 'string' });

const calls = {
  calls: Type.Integer({ minimum: 0, description: 'Appels observés dans la fenêtre récente' }),
  errorRate: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]),
  p95Ms: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
};

/** Answer of `GET /:opcoId/status`: what the OPCO says of itself, and what this process has seen of it. */
export const ObservedStatus = Type.Object(
  {
    status: Type.Enum(['healthy', 'degraded', 'unhealthy'], { type: 'string' }),
    supportedVersions: Type.Array(Type.String()),
    uptime: Type.Number({ minimum: 0, description: 'Secondes' }),
    observed: Type.Object({
      ...calls,
      breaker: Type.Enum(['closed', 'open', 'half-open'], {
        type: 'string',
        description: 'Le pire des deux disjoncteurs',
      }),
      breakers: Type.Object(
        { read: BreakerState, deposit: BreakerState },
        { description: 'Lectures et dépôts à part' },
      ),
      routes: Type.Object(
        { read: Type.Object(calls), deposit: Type.Object(calls) },
        { description: 'Lectures et dépôts à part' },
      ),
      drift: Type.Array(DriftLine, {
        description: "Écarts des réponses de l'OPCO avec le contrat, vus depuis le démarrage, les plus récents d'abord",
      }),
    }),
  },
  { $id: 'ObservedStatus' },
);
export type ObservedStatus = Static<typeof ObservedStatus>;
