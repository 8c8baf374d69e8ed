import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { CallStage } from './call.stage.js';

/** Stage 06 under HTTP. */
@Injectable()
export class CallInterceptor extends StageInterceptor {
  constructor(stage: CallStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
