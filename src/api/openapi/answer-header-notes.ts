const text = { type: 'string' };
const whole = { type: 'integer', minimum: 0 };

/** What the documentation says of the header fields of answers; French, for integrators. */
export const headerNotes = {
  'X-Request-Id': {
    description: 'Identifiant de la requête, à citer au support ; le `requestId` des erreurs.',
    schema: text,
    example: '5f0c4b1e-9f0e-4c38-8f0c-2f6a1f6f2b11',
  },
  RateLimit: {
    description:
      'Ce qui reste avant un refus 429 : `r` requêtes pour le CFA (`tenant`) et pour cette clé (`key`), et dans `t` secondes davantage. Le plus petit `r` décide.',
    schema: text,
    example: '"tenant";r=5999;t=1, "key";r=2999;t=1',
  },
  'RateLimit-Policy': {
    description: 'Les limites : `q` requêtes par fenêtre de `w` secondes, pour le CFA et pour chaque clé.',
    schema: text,
    example: '"tenant";q=6000;w=60, "key";q=3000;w=60',
  },
  'Retry-After': {
    description: 'Secondes entières à attendre avant de redemander.',
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
  Location: { description: 'Chemin de ce qui vient d’être créé.', schema: text, example: '/me/keys/5f0c4b1e' },
  'Cache-Control': {
    description: '`private, no-cache` : gardez la réponse, et revalidez-la par son `ETag`.',
    schema: text,
    example: 'private, no-cache',
  },
  ETag: {
    description: 'Validateur du contenu, à renvoyer dans `If-None-Match`.',
    schema: text,
    example: '"dQw4w9WgXcQ0rS5tUvWxYz"',
  },
  'Cache-Status': {
    description: "D'où vient la réponse (RFC 9211) : `hit` de notre cache, `fwd` de l'OPCO ; `ttl` en secondes.",
    schema: text,
    example: 'Opcovia; hit; ttl=52',
  },
  Age: { description: 'Secondes depuis que l’OPCO a donné cette réponse.', schema: whole, example: 8 },
  'Opcovia-Stale': {
    description: "`true` : l'OPCO ne répond pas, voici sa dernière réponse connue.",
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  'Server-Timing': { description: 'Millisecondes passées dans chaque étape.', schema: text, example: 'call;dur=41.3' },
};

type HeaderName = keyof typeof headerNotes;
type HeaderReferences = Record<string, { readonly $ref: string }>;

/** What of a route decides which header fields its answers have. */
export interface AnsweringRoute {
  readonly open?: boolean;
  readonly read?: boolean;
  readonly locates?: readonly number[];
}

const ofRead: readonly HeaderName[] = [
  'Cache-Control',
  'ETag',
  'Cache-Status',
  'Age',
  'Opcovia-Stale',
  'Server-Timing',
];

/** The header fields of one answer of a route, as references into the document. */
export function headersOf(status: number, { open = false, read = false, locates = [] }: AnsweringRoute) {
  // A stranger has nothing that is counted.
  const counted = !open && status !== 403;
  const names: HeaderName[] = [
    'X-Request-Id',
    ...(counted ? (['RateLimit', 'RateLimit-Policy'] as const) : []),
    ...(status === 429 || status === 503 ? (['Retry-After'] as const) : []),
    ...(locates.includes(status) ? (['Location'] as const) : []),
    ...(read && status <= 304 ? ofRead : []),
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])) as HeaderReferences;
}
