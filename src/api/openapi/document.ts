import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { OpcoIdSchema } from '../../core/contract/opco-id.js';
import { withPortablePatterns } from '../../core/contract/portable-patterns.js';
import { Problem } from '../../core/contract/problem.js';
import { headerNotes } from './answer-header-notes.js';
import { components, reference } from './components.js';
import { introduction, tags } from './introduction.js';
import { requestBodyOf } from './request-body.js';
import { parameterNotes, parametersOf } from './request-parameters.js';
import { operationIdOf, routeNotes } from './route-notes.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Components = NonNullable<OpenAPIObject['components']>;

/** Whose it is; the builder writes empty addresses for what it is not given, and knows no `identifier`. */
const owner = {
  contact: { name: 'Opcovia' },
  license: { name: 'Propriétaire', identifier: 'LicenseRef-Opcovia' },
};

/** The OpenAPI 3.1 document of the running application. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const drawn = SwaggerModule.createDocument(app, frame(), {
    autoTagControllers: false,
    operationIdFactory: operationIdOf,
  });
  for (const path of Object.values(drawn.paths)) {
    for (const operation of [path.get, path.post, path.patch, path.delete, path.put]) {
      if (operation) complete(operation);
    }
  }
  for (const named of [Problem, OpcoIdSchema]) reference(named);
  return withPortablePatterns({
    ...drawn,
    info: { ...drawn.info, ...owner } as OpenAPIObject['info'],
    components: {
      ...drawn.components,
      headers: headerNotes as Components['headers'],
      parameters: parameterNotes as Components['parameters'],
      schemas: components as Components['schemas'],
    } as Components,
  });
}

function frame() {
  const settings = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Opcovia')
    .setVersion('0.1.0')
    .setDescription(introduction)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-KEY', description: 'La clé du CFA' }, 'X-API-KEY')
    .addServer('/', 'Cette instance');
  for (const [name, description] of Object.entries(tags)) settings.addTag(name, description);
  return settings.build();
}

/** What Nest cannot know of an operation: its query, its body, its header fields, and whether it is open. */
function complete(operation: Operation): void {
  const { body, query, headers } = routeNotes.get(operation.operationId ?? '') ?? { query: [], headers: [] };
  operation.parameters = parametersOf(operation.parameters, query, headers);
  delete operation.requestBody;
  if (body) operation.requestBody = requestBodyOf(body);
  // An operation that asks for no key says so: silence would mean that nobody has thought of it.
  operation.security ??= [];
}
