import type { TSchema } from 'typebox';
import { LimitsView, OverrideBody, OverrideView } from '../core/contract/limits.js';
import { openApiSchema } from '../core/contract/openapi.js';
import { OpcoIdSchema } from '../core/contract/opco-id.js';
import { withPortablePatterns } from '../core/contract/portable-patterns.js';
import { Problem } from '../core/contract/problem.js';
import { catalogue, type ErrorCode } from '../core/errors.js';
import type { StaffRole } from './staff/staff-role.js';

const introduction =
  "L'écouteur de l'équipe : budgets des OPCO, santé, mesures, jetons du hub. Jamais ouvert au réseau public ; une clé de CFA n'y ouvre rien.";

const staffErrors = ['STAFF_TOKEN_REFUSED', 'STAFF_ROLE_MISSING', 'SERVICE_UNAVAILABLE'] as const;

/** The OpenAPI 3.1 document of the staff listener. Written by hand: six routes, most of which Nest knows nothing of. */
export function staffDocument(): object {
  const components: Record<string, unknown> = {};
  const show = (schema: TSchema) => openApiSchema(schema, components);
  const problems = (codes: readonly ErrorCode[]) => problemsOf(codes, show(Problem));
  const paths = { ...limitPaths(show, problems), ...openPaths(), ...hubPaths() };
  return withPortablePatterns({
    openapi: '3.1.0',
    info: { title: "Opcovia, porte de l'équipe", version: '0.1.0', description: introduction },
    servers: [{ url: '/', description: 'Cette instance' }],
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        staff: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: "Jeton du fournisseur d'identité" },
        instance: { type: 'http', scheme: 'basic', description: "Nom et secret d'une instance" },
      },
    },
  });
}

type Show = (schema: TSchema) => unknown;
type Problems = (codes: readonly ErrorCode[]) => object;

/** The answers of errors by status, each with the codes that it may have. */
function problemsOf(codes: readonly ErrorCode[], schema: unknown): object {
  const statuses = [...new Set(codes.map((code) => catalogue[code].status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const of = codes.filter((code) => catalogue[code].status === status);
      const description = of.map((code) => `${code} : ${catalogue[code].title}`).join(' ; ');
      return [status, { description, content: { 'application/problem+json': { schema } } }];
    }),
  );
}

const operation = (operationId: string, summary: string, role?: StaffRole) => ({
  ...{ operationId, summary: role ? `${summary} (rôle ${role})` : summary },
  security: role ? [{ staff: [] }] : [],
});
const json = (schema: unknown) => ({ description: 'Réponse', content: { 'application/json': { schema } } });

function limitPaths(show: Show, problems: Problems) {
  const named = (name: string, schema: unknown) => ({ name, in: 'path', required: true, schema });
  const environment = { type: 'string', enum: ['test', 'live'] };
  const parameters = [named('opcoId', show(OpcoIdSchema)), named('environment', environment)];
  return {
    '/admin/doc': {
      get: {
        ...operation('document', 'Ce document', 'viewer'),
        responses: { 200: json({ type: 'object', additionalProperties: true }), ...problems(staffErrors) },
      },
    },
    '/admin/limits': {
      get: {
        ...operation('limits', 'Les budgets, vus par cette instance', 'viewer'),
        responses: { 200: json(show(LimitsView)), ...problems(staffErrors) },
      },
    },
    '/admin/limits/{opcoId}/{environment}/override': {
      put: {
        ...operation('setOverride', 'Dire pour un temps ce que vaut un budget', 'operator'),
        parameters,
        requestBody: { required: true, content: { 'application/json': { schema: show(OverrideBody) } } },
        responses: { 200: json(show(OverrideView)), ...problems([...staffErrors, ...named404, ...bodyErrors]) },
      },
      delete: {
        ...operation('endOverride', 'Revenir à ce qui est déclaré', 'operator'),
        parameters,
        responses: { 204: { description: 'Fait' }, ...problems([...staffErrors, ...named404]) },
      },
    },
  };
}

const named404 = ['UNKNOWN_OPCO', 'NOT_FOUND'] as const;
const bodyErrors = ['VALIDATION_ERROR', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const;

/** What whoever reaches the listener may read. */
function openPaths() {
  const report = json({ type: 'object', properties: { status: { type: 'string' }, details: { type: 'object' } } });
  return {
    '/metrics': {
      get: {
        ...operation('metrics', 'Les mesures, au format de Prometheus'),
        responses: { 200: { description: 'Réponse', content: { 'text/plain': { schema: { type: 'string' } } } } },
      },
    },
    '/health': { get: { ...operation('health', 'Le processus vit'), responses: { 200: report } } },
    '/health/startup': { get: { ...operation('startup', 'Le processus a démarré'), responses: { 200: report } } },
    '/health/ready': {
      get: {
        ...operation('ready', 'Un dépôt envoyé maintenant serait accepté'),
        responses: { 200: report, 503: report },
      },
    },
  };
}

/** Where instances get their tokens; absent from a process that is no hub. Their line, `/hub/ws`, is none of OpenAPI's. */
function hubPaths() {
  const refused = json({ type: 'object', properties: { error: { enum: ['invalid_client', 'slow_down'] } } });
  return {
    '/hub/token': {
      post: {
        ...operation('hubToken', "Un jeton pour la ligne d'une instance vers le hub"),
        security: [{ instance: [] }],
        responses: {
          200: json({
            type: 'object',
            properties: {
              access_token: { type: 'string' },
              token_type: { const: 'Bearer' },
              expires_in: { type: 'integer' },
            },
          }),
          ...{ 401: refused, 429: refused },
        },
      },
    },
  };
}
