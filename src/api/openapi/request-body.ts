import type { OpenAPIObject } from '@nestjs/swagger';
import type { TSchema } from 'typebox';
import { reference } from './components.js';

/** The body of a route, as JSON and, where files come along, as a form too. */
export interface RouteBody {
  readonly schema: TSchema;
  /** The part `body` of a form: the schema without its `_files`. */
  readonly fields?: TSchema;
  readonly example: unknown;
}

type RequestBody = NonNullable<NonNullable<OpenAPIObject['paths'][string]['post']>['requestBody']>;

/** A body as the document shows it. */
export function requestBodyOf({ schema, fields, example }: RouteBody): RequestBody {
  const json = { schema: reference(schema), examples: { exemple: { summary: 'Exemple', value: example } } };
  return {
    required: true,
    content: { 'application/json': json, ...(fields && { 'multipart/form-data': formOf(fields, example) }) },
  };
}

/** A form: the part `body` and, under any other name, files; those of the example are named, so that a page can offer them. */
function formOf(fields: TSchema, example: unknown) {
  const { _files: files = {}, ...body } = example as { _files?: Record<string, string> };
  const file = { type: 'string', format: 'binary', description: 'Un fichier ; le nom de la partie est le sien' };
  const contents = Object.entries(files).map(([name, content]) => [name, Buffer.from(content, 'base64').toString()]);
  return {
    schema: {
      type: 'object',
      required: ['body'],
      properties: {
        body: reference(fields),
        ...Object.fromEntries(Object.keys(files).map((name) => [name, file])),
      },
      additionalProperties: file,
    },
    encoding: { body: { contentType: 'application/json' } },
    examples: { exemple: { summary: 'Exemple', value: { body, ...Object.fromEntries(contents) } } },
  };
}
