import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { ValidateResponseStage } from './validate-response.stage.js';

/** Stage 08 under HTTP. */
@Injectable()
export class ValidateResponseInterceptor extends StageInterceptor {
  constructor(stage: ValidateResponseStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
