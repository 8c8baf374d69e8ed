import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { asyncApiDocument } from '../../core/contract/asyncapi.js';
import { openApiDocument } from './document.js';

/** `GET /doc` (JSON), `GET /doc/asyncapi` (the events) and `GET /docs` (Swagger UI from our own disk, the demo key filled in when there is one). */
export function serveDocumentation(app: NestFastifyApplication, demoKey?: string): void {
  const events = JSON.stringify(asyncApiDocument());
  app
    .getHttpAdapter()
    .getInstance()
    .get('/doc/asyncapi', (_request, reply) => reply.type('application/json; charset=utf-8').send(events));
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
