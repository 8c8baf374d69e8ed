import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { advance, type Stage } from '../core/stage.js';
import type { HttpExchanges } from './http-exchanges.js';

/** Drives one stage under HTTP: the shell that the ten interceptors share. Acts on the way in only; a failure settles the exchange and the handler throws it. */
export abstract class StageInterceptor implements NestInterceptor {
  constructor(
    private readonly stage: Stage,
    private readonly exchanges: HttpExchanges,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const waiting = advance(this.stage, this.exchanges.of(context));
    return waiting ? waiting.then(() => next.handle()) : next.handle();
  }
}
