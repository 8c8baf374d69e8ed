import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { TransformResponseStage } from './transform-response.stage.js';

/** Stage 07 under HTTP. */
@Injectable()
export class TransformResponseInterceptor extends StageInterceptor {
  constructor(stage: TransformResponseStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
