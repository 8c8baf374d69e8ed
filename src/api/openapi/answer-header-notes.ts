/** What the documentation says of the header fields of answers; French, for integrators. */
export const headerNotes = {
  RateLimit: {
    description:
      'Ce qui reste avant un refus 429 : `r` requêtes pour le CFA (`tenant`) et pour cette clé (`key`), et dans `t` secondes davantage. Le plus petit `r` décide.',
    schema: { type: 'string' },
    example: '"tenant";r=5999;t=1, "key";r=2999;t=1',
  },
  'RateLimit-Policy': {
    description: 'Les limites : `q` requêtes par fenêtre de `w` secondes, pour le CFA et pour chaque clé.',
    schema: { type: 'string' },
    example: '"tenant";q=6000;w=60, "key";q=3000;w=60',
  },
  'Retry-After': {
    description: 'Secondes entières à attendre avant de redemander.',
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
};

type HeaderReferences = Record<string, { readonly $ref: string }>;

/** The header fields of one answer of a route, as references into the document. */
export function headersOf(status: number, { open = false }: { readonly open?: boolean }): HeaderReferences {
  // A stranger has nothing that is counted.
  const counted = !open && status !== 403;
  const names = [
    ...(counted ? ['RateLimit', 'RateLimit-Policy'] : []),
    ...(status === 429 || status === 503 ? ['Retry-After'] : []),
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
