import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Exchange } from '../core/exchange.js';
import type { PipelineRequest } from './http-exchanges.js';

/** The settled exchange of the route, in the handler of a `@ThroughPipeline` route. */
export const CurrentExchange = createParamDecorator((_: unknown, context: ExecutionContext): Exchange => {
  const { exchange } = context.switchToHttp().getRequest<PipelineRequest>();
  if (!exchange) throw new Error('The route does not go through the pipeline');
  return exchange;
});
