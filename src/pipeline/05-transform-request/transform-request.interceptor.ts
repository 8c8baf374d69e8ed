import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { TransformRequestStage } from './transform-request.stage.js';

/** Stage 05 under HTTP. */
@Injectable()
export class TransformRequestInterceptor extends StageInterceptor {
  constructor(stage: TransformRequestStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
