import Type, { type Static } from 'typebox';
import { OpcoIdSchema } from './opco-id.js';
import { nullable, strict } from './scalars.js';

const instant = (description: string) => nullable(Type.String({ format: 'date-time', description }));
const count = (description: string) => Type.Integer({ minimum: 0, description });

/** Body of `PUT /:opcoId/polling`: what is absent stays. */
export const PollingOrder = Type.Object(
  {
    status: Type.Optional(
      Type.Enum(['active', 'paused'], { type: 'string', description: '`paused` : plus rien n’est lu de soi-même' }),
    ),
    discovered: Type.Optional(
      Type.Boolean({
        description: 'Dire `dossier.discovered` des dossiers vus pour la première fois ; non par défaut',
      }),
    ),
    acceptDeletions: Type.Optional(
      Type.Boolean({
        description: 'Croire, pendant un jour, à des absences en masse que vous avez vérifiées chez l’OPCO',
      }),
    ),
  },
  { ...strict, minProperties: 1, $id: 'PollingOrder' },
);
export type PollingOrder = Static<typeof PollingOrder>;

/** How the watch over the dossiers at an OPCO goes. */
export const PollingView = Type.Object(
  {
    opcoId: OpcoIdSchema,
    status: Type.Enum(['active', 'paused', 'waiting'], {
      type: 'string',
      description: '`waiting` : l’OPCO refuse la clé ou ne sert pas la liste, un essai par heure (`reason`)',
    }),
    reason: nullable(Type.String({ description: 'credentials ou not_supported' })),
    lastSuccessAt: instant('Fin de la dernière lecture complète'),
    nextPollAt: instant('Prochaine lecture ; null en pause'),
    failures: count('Lectures manquées de suite'),
    dossiers: count('Dossiers suivis'),
    deleted: count("Dossiers que l'OPCO n'a plus"),
    heldDeletions: count('Absences en masse auxquelles Opcovia ne croit pas ; 0 sinon'),
    heldSince: instant('Depuis quand'),
    discovered: Type.Boolean({ description: 'Si `dossier.discovered` est dit' }),
  },
  { $id: 'PollingView' },
);
export type PollingView = Static<typeof PollingView>;
