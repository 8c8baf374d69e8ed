import type { Type } from '@nestjs/common';
import type { Stage, StageName } from '../core/stage.js';
import { ResolveAdapterInterceptor } from './01-resolve-adapter/resolve-adapter.interceptor.js';
import { ResolveAdapterStage } from './01-resolve-adapter/resolve-adapter.stage.js';
import { ValidateRequestInterceptor } from './02-validate-request/validate-request.interceptor.js';
import { ValidateRequestStage } from './02-validate-request/validate-request.stage.js';
import { ReadCacheInterceptor } from './03-read-cache/read-cache.interceptor.js';
import { ReadCacheStage } from './03-read-cache/read-cache.stage.js';
import { RateLimitInterceptor } from './04-rate-limit/rate-limit.interceptor.js';
import { RateLimitStage } from './04-rate-limit/rate-limit.stage.js';
import { TransformRequestInterceptor } from './05-transform-request/transform-request.interceptor.js';
import { TransformRequestStage } from './05-transform-request/transform-request.stage.js';
import { CallInterceptor } from './06-call/call.interceptor.js';
import { CallStage } from './06-call/call.stage.js';
import { TransformResponseInterceptor } from './07-transform-response/transform-response.interceptor.js';
import { TransformResponseStage } from './07-transform-response/transform-response.stage.js';
import { ValidateResponseInterceptor } from './08-validate-response/validate-response.interceptor.js';
import { ValidateResponseStage } from './08-validate-response/validate-response.stage.js';
import { WriteCacheInterceptor } from './09-write-cache/write-cache.interceptor.js';
import { WriteCacheStage } from './09-write-cache/write-cache.stage.js';
import { RecordInterceptor } from './10-record/record.interceptor.js';
import { RecordStage } from './10-record/record.stage.js';
import type { StageInterceptor } from './stage.interceptor.js';

/** One room: the stage, and the interceptor that drives it under HTTP. */
export interface Room {
  readonly name: StageName;
  readonly stage: Type<Stage>;
  readonly interceptor: Type<StageInterceptor>;
  /** As in the stage: runs whatever happened, and on every route. */
  readonly always?: true;
}

/** The pipeline, top to bottom. The order here is the order everywhere; a stage that reads what nobody has written yet fails a test. */
export const pipeline: readonly Room[] = [
  { name: 'resolve-adapter', stage: ResolveAdapterStage, interceptor: ResolveAdapterInterceptor },
  { name: 'validate-request', stage: ValidateRequestStage, interceptor: ValidateRequestInterceptor },
  { name: 'read-cache', stage: ReadCacheStage, interceptor: ReadCacheInterceptor },
  { name: 'rate-limit', stage: RateLimitStage, interceptor: RateLimitInterceptor },
  { name: 'transform-request', stage: TransformRequestStage, interceptor: TransformRequestInterceptor },
  { name: 'call', stage: CallStage, interceptor: CallInterceptor },
  { name: 'transform-response', stage: TransformResponseStage, interceptor: TransformResponseInterceptor },
  { name: 'validate-response', stage: ValidateResponseStage, interceptor: ValidateResponseInterceptor },
  { name: 'write-cache', stage: WriteCacheStage, interceptor: WriteCacheInterceptor },
  { name: 'record', stage: RecordStage, interceptor: RecordInterceptor, always: true },
];
