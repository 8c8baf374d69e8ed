import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { PIPELINE_ROUTE, type PipelineRoute } from './pipeline-route.js';
import { pipeline } from './pipeline.js';

/** Sends a route through the ten stages, in their order; the handler then answers `exchange.answer()`. */
export function ThroughPipeline(route: PipelineRoute): MethodDecorator {
  const last = route.upTo === undefined ? pipeline.length : pipeline.findIndex((room) => room.name === route.upTo);
  const rooms = pipeline.filter((room, index) => index <= last || room.always);
  return applyDecorators(SetMetadata(PIPELINE_ROUTE, route), UseInterceptors(...rooms.map((room) => room.interceptor)));
}
