import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { TObject, TSchema } from 'typebox';
import { catalogue, type ErrorCode } from '../../core/errors.js';
import { headersOf } from './answer-header-notes.js';
import { reference, type ShownSchema } from './components.js';
import { linksOf, type RouteLinks } from './links.js';
import type { RouteBody } from './request-body.js';
import { operationIdOf, routeNotes } from './route-notes.js';
import { queryOf, type SharedParameter } from './request-parameters.js';
import { bodyErrors, everywhere, keyedErrors, readErrors } from './route-errors.js';

/** What the documentation says of one route; French, for integrators. */
export interface RouteNote {
  readonly tag: string;
  readonly summary: string;
  readonly about: string;
  readonly query?: TObject;
  /** Values of query parameters that make the route's example, where the schema gives none. */
  readonly examples?: Readonly<Record<string, unknown>>;
  readonly body?: RouteBody;
  /** Header fields of the request, beside those of every read. */
  readonly asks?: readonly SharedParameter[];
  /** Status to schema, or to the schemas that it may have; null for an answer without a body. */
  readonly answers: Readonly<Record<number, TSchema | readonly TSchema[] | null>>;
  /** Statuses whose answer carries `Location`. */
  readonly locates?: readonly number[];
  /** What an answer leads to. */
  readonly links?: RouteLinks;
  /** Beside what every route may answer, every route with a body, and every read. */
  readonly errors?: readonly ErrorCode[];
  /** A read that goes through the pipeline: its failures, its cache. */
  readonly read?: boolean;
  readonly open?: boolean;
}

/** One decorator per route instead of a ladder of them: operation, parameters, body, answers and errors. */
export function Describe(note: RouteNote): MethodDecorator {
  const decorators: MethodDecorator[] = [
    remember(note),
    ApiTags(note.tag),
    ApiOperation({ summary: note.summary, description: note.about }),
    ...responsesOf(note),
  ];
  if (!note.open) decorators.push(ApiSecurity('X-API-KEY'));
  return applyDecorators(...decorators);
}

/** The `:opcoId` segment, which most handlers read from the exchange; the document says the same of it everywhere. */
export function OpcoParam(): MethodDecorator & ClassDecorator {
  return ApiParam({ name: 'opcoId' });
}

/** Body, query and header fields wait for the document: what Nest makes of a handler's own parameters would write over them. */
function remember(note: RouteNote): MethodDecorator {
  const { body, asks = [], read } = note;
  const headers: SharedParameter[] = [...asks, ...(read ? (['Cache-Control', 'If-None-Match'] as const) : [])];
  return (target, name) => {
    routeNotes.set(operationIdOf(target.constructor.name, String(name)), {
      ...{ headers, query: queryOf(note) },
      ...(body && { body }),
    });
  };
}

interface Response {
  readonly descriptions: string[];
  readonly content: Record<string, { schema: ShownSchema }>;
}

/** Answers and errors by status: a status may be both. */
function responsesOf(note: RouteNote): MethodDecorator[] {
  const byStatus = new Map<number, Response>();
  const at = (status: number) => {
    const known = byStatus.get(status) ?? { descriptions: [], content: {} };
    byStatus.set(status, known);
    return known;
  };
  for (const [status, schema] of Object.entries(note.answers)) {
    at(Number(status)).descriptions.push(describeStatus(Number(status)));
    if (schema) at(Number(status)).content['application/json'] = { schema: anyOf(schema) };
  }
  if (note.read) at(304).descriptions.push('Rien de changé depuis la réponse que cet `ETag` désigne');
  for (const code of codesOf(note)) {
    const { status, title } = catalogue[code];
    at(status).descriptions.push(`${code} : ${title}`);
    at(status).content['application/problem+json'] = { schema: { $ref: '#/components/schemas/Problem' } };
  }
  return [...byStatus].map(([status, { descriptions, content }]) =>
    ApiResponse({
      status,
      description: descriptions.join(' ; '),
      headers: headersOf(status, note),
      ...(Object.keys(content).length > 0 && { content }),
      ...linksOf(note.links, status),
    }),
  );
}

function anyOf(schemas: TSchema | readonly TSchema[]): ShownSchema {
  return Array.isArray(schemas)
    ? { anyOf: schemas.map((each: TSchema) => reference(each)) }
    : reference(schemas as TSchema);
}

function codesOf({ open, body, read, errors = [] }: RouteNote): ReadonlySet<ErrorCode> {
  return new Set<ErrorCode>([
    ...everywhere,
    ...(open ? [] : keyedErrors),
    ...(body ? bodyErrors : []),
    ...(read ? readErrors : []),
    ...errors,
  ]);
}

function describeStatus(status: number): string {
  return { 200: 'Réponse', 201: 'Créé', 202: 'Accepté et enregistré', 204: 'Fait' }[status] ?? 'Réponse';
}
