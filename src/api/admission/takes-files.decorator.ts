import { RouteConfig } from '@nestjs/platform-fastify';

/** Lifts the body limit of one route from 100 kB to what files need; every other route keeps the small one. */
export function TakesFiles(): MethodDecorator {
  return RouteConfig({ takesFiles: true });
}
