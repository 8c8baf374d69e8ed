import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { RateLimitStage } from './rate-limit.stage.js';

/** Stage 04 under HTTP. */
@Injectable()
export class RateLimitInterceptor extends StageInterceptor {
  constructor(stage: RateLimitStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
