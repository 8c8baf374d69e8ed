import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { TObject, TSchema } from 'typebox';
import { catalogue, type ErrorCode } from '../../core/errors.js';
import { opcoIds } from '../../core/endpoint.js';
import { openApiSchema } from '../../core/contract/openapi.js';
import { headersOf } from './answer-header-notes.js';
import { bodyErrors } from './route-errors.js';

/** The schemas that the document names, filled while the controllers are decorated. */
export const components: Record<string, unknown> = {};

/** What the documentation says of one route; French, for integrators. */
export interface RouteNote {
  readonly tag: string;
  readonly summary: string;
  readonly about?: string;
  readonly query?: TObject;
  readonly body?: { readonly schema: TSchema; readonly example: unknown };
  /** Status to schema; null for an answer without a body. */
  readonly answers: Readonly<Record<number, TSchema | null>>;
  /** Beside what every route may answer, and every route with a body. */
  readonly errors?: readonly ErrorCode[];
  readonly idempotent?: boolean;
  readonly open?: boolean;
}

type SwaggerSchema = NonNullable<Parameters<typeof ApiResponse>[0] extends { schema?: infer S } ? S : never>;

const reference = (schema: TSchema) => openApiSchema(schema, components) as SwaggerSchema;

/** One decorator per route instead of a ladder of them: operation, parameters, body, answers and errors. */
export function Describe(note: RouteNote): MethodDecorator {
  const decorators: MethodDecorator[] = [
    ApiTags(note.tag),
    ApiOperation({ summary: note.summary, ...(note.about && { description: note.about }) }),
    ...Object.entries(note.answers).map(([status, schema]) =>
      ApiResponse({
        status: Number(status),
        description: describeStatus(Number(status)),
        headers: headersOf(Number(status), note),
        ...(schema && { content: { 'application/json': { schema: reference(schema) } } }),
      }),
    ),
    ...problems(note),
    ...query(note.query),
  ];
  if (!note.open) decorators.push(ApiSecurity('X-API-KEY'));
  if (note.idempotent) {
    decorators.push(
      ApiHeader({
        name: 'Idempotency-Key',
        required: false,
        description: 'De 1 à 255 caractères ASCII visibles ; la même clé avec le même contenu rend le même job.',
        schema: { type: 'string', maxLength: 255 },
      }),
    );
  }
  if (note.body) {
    decorators.push(
      ApiBody({ schema: reference(note.body.schema), examples: { exemple: { value: note.body.example } } }),
    );
  }
  return applyDecorators(...decorators);
}

/** Documents the `:opcoId` segment. */
export function OpcoParam(): MethodDecorator & ClassDecorator {
  return ApiParam({
    name: 'opcoId',
    description: "L'OPCO",
    schema: { type: 'string', enum: [...opcoIds] },
    example: 'akto',
  });
}

function problems(note: RouteNote): MethodDecorator[] {
  const codes: ErrorCode[] = [
    ...(note.open ? [] : (['HTTP_ERROR', 'RATE_LIMITED'] as const)),
    ...(note.open ? [] : (['MALFORMED_REQUEST', 'NOT_ACCEPTABLE'] as const)),
    ...(note.body ? bodyErrors : []),
    ...(note.errors ?? []),
    'INTERNAL_ERROR',
  ];
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes))
    byStatus.set(catalogue[code].status, [...(byStatus.get(catalogue[code].status) ?? []), code]);
  return [...byStatus].map(([status, names]) =>
    ApiResponse({
      status,
      description: names.map((name) => `${name} : ${catalogue[name].title}`).join(' ; '),
      headers: headersOf(status, note),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }),
  );
}

function query(schema: TObject | undefined): MethodDecorator[] {
  const required = new Set(schema?.required as readonly string[] | undefined);
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => {
    const { description, example, ...rest } = property as TSchema & { description?: string; example?: unknown };
    return ApiQuery({
      name,
      required: required.has(name),
      ...(description && { description }),
      ...(example !== undefined && { example }),
      schema: reference(rest) as never,
    });
  });
}

function describeStatus(status: number): string {
  return { 200: 'Réponse', 201: 'Créé', 202: 'Accepté et enregistré', 204: 'Fait' }[status] ?? 'Réponse';
}
