import { applyDecorators, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';

/** Metadata key by which the guard recognises an open route. */
export const PUBLIC_ROUTE = 'public-route';

/** Opens one route to callers without a key, for the hook and for the guard. Nothing else does: both are closed by default. */
export function Public(): MethodDecorator {
  return applyDecorators(SetMetadata(PUBLIC_ROUTE, true), RouteConfig({ public: true }));
}
