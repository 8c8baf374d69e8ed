import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { ReadCacheStage } from './read-cache.stage.js';

/** Stage 03 under HTTP. */
@Injectable()
export class ReadCacheInterceptor extends StageInterceptor {
  constructor(stage: ReadCacheStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
