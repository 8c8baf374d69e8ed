import { Injectable } from '@nestjs/common';
import { HttpExchanges } from '../http-exchanges.js';
import { StageInterceptor } from '../stage.interceptor.js';
import { ResolveAdapterStage } from './resolve-adapter.stage.js';

/** Stage 01 under HTTP. */
@Injectable()
export class ResolveAdapterInterceptor extends StageInterceptor {
  constructor(stage: ResolveAdapterStage, exchanges: HttpExchanges) {
    super(stage, exchanges);
  }
}
