import Type, { type Static } from 'typebox';
import { opcoIds } from '../endpoint.js';
import { nullable, strict } from './scalars.js';

const longestReason = 200;
const rate = (description: string) => Type.Number({ minimum: 0.001, maximum: 1_000_000, description });
const seconds = (description: string) => Type.Number({ minimum: 0, description });
const mode = Type.Enum(['enforce', 'shadow'], {
  type: 'string',
  description: '`shadow` : le budget est suivi et compté, mais ne retient personne',
});
/** No address and no long number: a sentence for colleagues, which stays in the audit trail. */
const reason = Type.String({
  minLength: 1,
  maxLength: longestReason,
  pattern: '^(?=\\s*\\S)(?!.*\\d{9})[^\\p{Cc}\\p{Cs}@]*$',
  description: 'Pourquoi ; sans adresse électronique ni numéro de plus de huit chiffres',
});

/** Body of `PUT /admin/limits/:opcoId/:environment/override`. */
export const OverrideBody = Type.Object(
  {
    rate: Type.Optional(rate('Appels par seconde : crus dès maintenant et jamais dépassés')),
    burst: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: "Appels d'un coup, au plus" })),
    mode: Type.Optional(mode),
    reason,
    expiresAt: Type.String({ format: 'date-time', maxLength: 40, description: 'Fin, dans 30 jours au plus' }),
  },
  { ...strict, $id: 'OverrideBody' },
);
export type OverrideBody = Static<typeof OverrideBody>;

/** What staff has said of a budget. */
export const OverrideView = Type.Object(
  {
    rate: nullable(rate('Appels par seconde ; null : ce qui est appris')),
    burst: nullable(Type.Integer({ minimum: 1 })),
    mode,
    reason: Type.String(),
    setBy: Type.String({ description: '`staff:<sujet du jeton>`' }),
    setAt: Type.String({ format: 'date-time' }),
    expiresAt: Type.String({ format: 'date-time' }),
  },
  { $id: 'OverrideView' },
);
export type OverrideView = Static<typeof OverrideView>;

/** One budget, as the instance that answers sees it. */
export const LimitView = Type.Object(
  {
    opcoId: Type.Enum([...opcoIds], { type: 'string' }),
    environment: Type.Enum(['test', 'live'], { type: 'string' }),
    rate: rate("Appels par seconde que l'OPCO est cru supporter"),
    burst: Type.Number({ minimum: 0 }),
    ceiling: rate('Ce qui ne sera pas dépassé en ce moment'),
    declared: Type.Object({
      rate: rate('De la configuration'),
      burst: Type.Number({ minimum: 0 }),
      ceiling: rate('Du contrat'),
    }),
    pausedSeconds: seconds("Combien de temps encore l'OPCO a demandé qu'on le laisse ; 0 sinon"),
    shadow: Type.Boolean(),
    override: nullable(OverrideView),
    throttledTenants: Type.Array(
      Type.Object({
        tenant: Type.String({ description: "Début de l'empreinte du CFA, comme `tenant:list` la montre" }),
        waitSeconds: seconds('Ce que ce CFA seul doit attendre'),
      }),
    ),
  },
  { $id: 'LimitView' },
);
export type LimitView = Static<typeof LimitView>;

/** Answer of `GET /admin/limits`. */
export const LimitsView = Type.Object(
  {
    instance: Type.Object({
      mode: Type.Enum(['granted', 'lease', 'safe'], {
        type: 'string',
        description: '`lease`, `safe` : sans hub, sur le bail qui court encore, puis sur la part sûre',
      }),
      connected: Type.Boolean({ description: 'Si une ligne vers un hub est ouverte' }),
      epoch: Type.Integer({ minimum: 0, description: 'Du dernier hub entendu' }),
      sinceSeconds: seconds('Depuis quand ce mode dure'),
      aloneShare: Type.Number({ minimum: 0, maximum: 1, description: 'Part des budgets que l’instance prend seule' }),
    }),
    data: Type.Array(LimitView),
  },
  { $id: 'LimitsView' },
);
export type LimitsView = Static<typeof LimitsView>;
