import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { Exchange } from '../core/exchange.js';
import { PIPELINE_ROUTE, type PipelineRoute, type ReadyAnswer } from './pipeline-route.js';
import { pipeline } from './pipeline.js';

export type { PipelineRoute, ReadyAnswer };

/** Sends a route through the ten stages, in their order; the handler then answers `exchange.answer()`. */
export function ThroughPipeline(route: PipelineRoute): MethodDecorator {
  const last = route.upTo === undefined ? pipeline.length : pipeline.findIndex((room) => room.name === route.upTo);
  const rooms = pipeline.filter((room, index) => index <= last || room.always);
  return applyDecorators(
    SetMetadata(PIPELINE_ROUTE, route),
    // For the fast lane, which stands before Nest.
    ...(route.atOnce ? [RouteConfig({ pipeline: route })] : []),
    UseInterceptors(...rooms.map((room) => room.interceptor)),
  );
}

/** For routes whose handler answers the reply as it is. */
export function asKept(exchange: Exchange): ReadyAnswer {
  return { body: exchange.answer() };
}
