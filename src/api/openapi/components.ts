import type { OpenAPIObject } from '@nestjs/swagger';
import type { TSchema } from 'typebox';
import { openApiSchema } from '../../core/contract/openapi.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
/** A schema as the document takes it. */
export type ShownSchema = Schemas[string];

/** The schemas that the document names, filled while the controllers are decorated. */
export const components: Record<string, unknown> = {};

/** A schema as the document shows it: a reference where it has a name. */
export const reference = (schema: TSchema) => openApiSchema(schema, components) as ShownSchema;
