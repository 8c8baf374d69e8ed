import Type, { type Static } from 'typebox';
import { nullable, strict, text } from './scalars.js';

const instant = (description: string) => Type.String({ format: 'date-time', maxLength: 40, description });

/** A key of the tenant, without its text. */
export const OwnKey = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    prefix: Type.String({
      description: 'Début de la clé, pour la reconnaître ; son texte n’est montré qu’à la création',
    }),
    label: Type.String({ description: 'Ce que le CFA en a dit' }),
    createdAt: instant('Création'),
    lastUsedAt: nullable(instant('Dernier usage, à une minute près')),
    expiresAt: nullable(instant('Fin de validité ; null : sans fin')),
    revokedAt: nullable(instant('Révocation')),
    current: Type.Boolean({ description: 'Vrai pour la clé qui a signé cet appel' }),
  },
  { $id: 'OwnKey' },
);
export type OwnKey = Static<typeof OwnKey>;

/** Answer of `GET /me`. */
export const MeView = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{8}$', description: 'Empreinte courte du CFA, la même dans nos journaux' }),
    nom: Type.String(),
    environment: Type.Enum(['test', 'live'], {
      type: 'string',
      description: '`test` : bac à sable ou recette ; `live` : production',
    }),
    createdAt: instant('Enregistrement du CFA'),
    keys: Type.Array(OwnKey, { description: 'Clés en vigueur d’abord, puis les plus récentes des autres' }),
  },
  { $id: 'MeView' },
);
export type MeView = Static<typeof MeView>;

/** Body of `POST /me/keys`. */
export const OwnKeyDraft = Type.Object(
  {
    label: text(100, 'À quoi sert cette clé'),
    expiresAt: Type.Optional(instant('Fin de validité, avec fuseau ; sans fin par défaut')),
    retireCurrentAfterSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 2_592_000,
        description: 'La clé qui signe cet appel cesse d’être acceptée après ce délai : rotation avec recouvrement',
      }),
    ),
  },
  { ...strict, $id: 'OwnKeyDraft' },
);
export type OwnKeyDraft = Static<typeof OwnKeyDraft>;

/** Answer of `POST /me/keys`: the only time that the key is shown. */
export const OwnKeyCreated = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    key: Type.String({ description: 'La clé, à mettre dans `X-API-KEY` ; montrée cette seule fois' }),
    prefix: Type.String(),
    label: Type.String(),
    createdAt: instant('Création'),
    expiresAt: nullable(instant('Fin de validité ; null : sans fin')),
    retired: nullable(
      Type.Object({
        id: Type.String({ format: 'uuid', description: 'La clé qui a signé cet appel' }),
        expiresAt: instant('Instant à partir duquel elle est refusée'),
      }),
    ),
  },
  { $id: 'OwnKeyCreated' },
);
export type OwnKeyCreated = Static<typeof OwnKeyCreated>;
