import { type DynamicModule, Global, type LoggerService, Module } from '@nestjs/common';
import { Logger as NestLogger, LoggerModule, type Params, PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import { LOG } from './log.token.js';

/** One pino logger for Nest, for the access log and for our own lines. */
@Global()
@Module({})
export class LoggingModule {
  static of(log: Logger): DynamicModule {
    return {
      module: LoggingModule,
      imports: [LoggerModule.forRoot(paramsOf(log))],
      providers: [{ provide: LOG, useValue: log }],
      exports: [LOG],
    };
  }
}

/** Nest's own lines through pino from the first one on: what fails before the container stands would else be printed whole. */
export function nestLog(log: Logger): LoggerService {
  const nest = new NestLogger(new PinoLogger(paramsOf(log)), paramsOf(log));
  // Which module stands when is for whoever looks for it, not for whoever starts the product.
  nest.log = nest.debug.bind(nest);
  return nest;
}

/** No route gets pino-http's middleware: the access log is one line of our own, written after the answer. */
function paramsOf(log: Logger): Params {
  return { pinoHttp: { logger: log, autoLogging: false }, forRoutes: [] };
}
