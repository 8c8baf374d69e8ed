import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { RecordStage } from './record.stage.js';

/** Stage 10 under HTTP. */
@Injectable()
export class RecordInterceptor extends StageInterceptor {
  constructor(stage: RecordStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
