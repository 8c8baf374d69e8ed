import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { openApiSchema } from '../../core/contract/openapi.js';
import { Problem } from '../../core/contract/problem.js';
import { headerNotes } from './answer-header-notes.js';
import { components } from './describe.decorator.js';

const about = `Une seule API pour les onze OPCO. Chaque appel porte la clé du CFA dans \`X-API-KEY\`.
Les dépôts sont asynchrones : 202 et un job à suivre. Les erreurs suivent la RFC 9457 avec un \`code\` stable.`;

/** The sections of the page, in the order in which an integrator needs them. */
const tags = ['Dépôts', 'Jobs', 'Dossiers', 'OPCO', 'Identifiants', 'Compte', 'Webhooks', 'Événements', 'Santé'];

/** The OpenAPI 3.1 document of the running application. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  openApiSchema(Problem, components);
  const settings = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Opcovia')
    .setVersion('0.1.0')
    .setDescription(about)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-KEY' }, 'X-API-KEY')
    .addServer('/');
  for (const tag of tags) settings.addTag(tag);
  const document = SwaggerModule.createDocument(app, settings.build(), {
    autoTagControllers: false,
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '').toLowerCase()}_${method}`,
  });
  sayWhatIsOpen(document);
  return {
    ...document,
    components: {
      ...document.components,
      headers: headerNotes,
      schemas: {
        ...document.components?.schemas,
        ...(components as NonNullable<OpenAPIObject['components']>['schemas']),
      },
    },
  };
}

/** An operation that asks for no key says so: silence would mean that nobody has thought of it. */
function sayWhatIsOpen({ paths }: OpenAPIObject): void {
  for (const path of Object.values(paths)) {
    for (const operation of [path.get, path.post, path.patch, path.delete, path.put]) {
      if (operation) operation.security ??= [];
    }
  }
}

/** `GET /doc` (JSON) and `GET /docs` (Swagger UI from our own disk, the demo key filled in when there is one). */
export function serveDocumentation(app: NestFastifyApplication, demoKey?: string): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'doc',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Opcovia',
    swaggerOptions: {
      tryItOutEnabled: true,
      displayRequestDuration: true,
      persistAuthorization: false,
      docExpansion: 'list',
    },
    ...(demoKey && { customJsStr: preauthorize(demoKey) }),
  });
}

/** Fills the key in as soon as Swagger UI has drawn itself; a script of ours, since the page offers no setting for it. */
function preauthorize(demoKey: string): string {
  return `window.addEventListener('load', function fill() {
    if (!window.ui || !window.ui.preauthorizeApiKey) return void setTimeout(fill, 50);
    window.ui.preauthorizeApiKey('X-API-KEY', ${JSON.stringify(demoKey)});
  });`;
}
