import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { ValidateRequestStage } from './validate-request.stage.js';

/** Stage 02 under HTTP. */
@Injectable()
export class ValidateRequestInterceptor extends StageInterceptor {
  constructor(stage: ValidateRequestStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
