import type { OpenAPIObject } from '@nestjs/swagger';
import type { TObject, TSchema } from 'typebox';
import { reference } from './components.js';
import { exampleNumeroInterne } from './examples.js';

const path = { in: 'path', required: true } as const;
const header = { in: 'header', required: false } as const;
const uuid = { type: 'string', format: 'uuid' } as const;

/** Parameters that several routes share, by their names; French, for integrators. */
export const parameterNotes = {
  opcoId: {
    ...path,
    name: 'opcoId',
    description: "L'OPCO",
    schema: { $ref: '#/components/schemas/OpcoId' },
    example: 'akto',
  },
  numeroInterne: {
    ...path,
    name: 'numeroInterne',
    description: "Numéro interne donné par l'OPCO",
    schema: { type: 'string', minLength: 1, maxLength: 100 },
    example: exampleNumeroInterne,
  },
  jobId: {
    ...path,
    name: 'jobId',
    description: 'Identifiant du job, rendu par le dépôt',
    schema: uuid,
    example: '2b0f3c9e-6c1d-4c55-9b0a-3d6f0f3a7d10',
  },
  syncId: {
    ...path,
    name: 'syncId',
    description: 'Identifiant de la synchronisation, rendu à sa création',
    schema: uuid,
    example: '5f1d2c3b-8a7e-4d60-9c1f-2b3a4c5d6e7f',
  },
  id: {
    ...path,
    name: 'id',
    description: 'Identifiant rendu à la création',
    schema: uuid,
    example: '7a9d5f42-0f2e-4a8e-8a4b-5d1c2e3f4a5b',
  },
  deliveryId: {
    ...path,
    name: 'deliveryId',
    description: 'Identifiant de l’envoi, dans la liste des envois du webhook',
    schema: uuid,
    example: '3c1f4d2a-8b6e-4f70-a1c9-2e5d7b8f9a01',
  },
  'Idempotency-Key': {
    ...header,
    name: 'Idempotency-Key',
    description:
      'De 1 à 255 caractères ASCII visibles ; la même clé avec le même contenu rend le même job. Sans elle, c’est le contenu qui en tient lieu.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  'X-CFA-KEY': {
    ...header,
    name: 'X-CFA-KEY',
    description: "La clé du CFA chez l'OPCO, quand ce n'est pas celle qui est enregistrée",
    schema: { type: 'string', minLength: 1, maxLength: 512 },
  },
  'Cache-Control': {
    ...header,
    name: 'Cache-Control',
    description:
      "Ce que la réponse peut être (RFC 9111) : `no-cache` demande l'OPCO, `no-store` sans rien garder, `max-age`, `max-stale`, `only-if-cached`.",
    schema: { type: 'string' },
  },
  'If-None-Match': {
    ...header,
    name: 'If-None-Match',
    description: "`ETag` d'une réponse que vous avez gardée : 304 sans corps si elle vaut encore.",
    schema: { type: 'string' },
  },
};

/** The name of a parameter that several routes share. */
export type SharedParameter = keyof typeof parameterNotes;

type Parameter = NonNullable<NonNullable<OpenAPIObject['paths'][string]['get']>['parameters']>[number];

/** What of a route's note says which query it takes. */
export interface QueryingRoute {
  readonly query?: TObject;
  /** Values that make the route's example, where the schema gives none. */
  readonly examples?: Readonly<Record<string, unknown>>;
}

/** The query parameters of a route. */
export function queryOf({ query, examples = {} }: QueryingRoute): readonly Parameter[] {
  const required = new Set(query?.required as readonly string[] | undefined);
  return Object.entries(query?.properties ?? {}).map(([name, property]) => {
    const { description, ...schema } = property as TSchema & { description?: string; examples?: readonly unknown[] };
    // What has a default may be left out, though the contract, which judges with the default in place, demands it.
    const demanded = required.has(name) && !('default' in schema);
    return {
      ...{ name, in: 'query', required: demanded, schema: reference(schema) },
      description: description ?? (isShared(name) ? parameterNotes[name].description : ''),
      // Swagger UI would send the examples of optional parameters too.
      ...(demanded && { example: examples[name] ?? schema.examples?.[0] }),
    };
  });
}

/** An operation's parameters: those of the path as references to the shared ones, its query, its header fields. */
export function parametersOf(
  drawn: readonly Parameter[] = [],
  query: readonly Parameter[],
  headers: readonly SharedParameter[],
): Parameter[] {
  const path = drawn.flatMap((each) => ('in' in each && each.in === 'path' ? [referenceTo(each.name)] : []));
  return [...path, ...query, ...headers.map(referenceTo)];
}

function isShared(name: string): name is SharedParameter {
  return Object.hasOwn(parameterNotes, name);
}

function referenceTo(name: string) {
  if (!isShared(name)) throw new Error(`The path parameter ${name} is not documented`);
  return { $ref: `#/components/parameters/${name}` };
}
