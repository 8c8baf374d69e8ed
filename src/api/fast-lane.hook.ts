import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { FastLaneRunner } from '../pipeline/fast-lane.runner.js';
import type { PipelineRequest } from '../pipeline/http-exchanges.js';

/**
 * Answers out of memory in front of the interceptors; runs last of all hooks of its kind, after whatever may refuse. Where the lane
 * has no answer, nothing has happened. What follows an answer (header fields, 304, log, metrics) is the same for both ways.
 */
export function fastLaneHook(lane: FastLaneRunner) {
  return function fastLane(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    const { pipeline: route } = request.routeOptions.config;
    const ready = route && request.tenant && lane.run(route, request as FastifyRequest & PipelineRequest, reply);
    if (!ready) return done();
    if (ready.etag !== undefined) void reply.header('etag', ready.etag);
    void reply.send(ready.body);
  };
}
