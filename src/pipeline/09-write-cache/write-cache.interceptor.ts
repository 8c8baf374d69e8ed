import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { WriteCacheStage } from './write-cache.stage.js';

/** Stage 09 under HTTP. */
@Injectable()
export class WriteCacheInterceptor extends StageInterceptor {
  constructor(stage: WriteCacheStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
