import { type DynamicModule, Global, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { LOG } from './log.token.js';

/** One pino logger for Nest, for the access log and for our own lines. */
@Global()
@Module({})
export class LoggingModule {
  static of(log: Logger): DynamicModule {
    return {
      module: LoggingModule,
      // No route gets pino-http's middleware: the access log is one line of our own, written after the answer.
      imports: [LoggerModule.forRoot({ pinoHttp: { logger: log, autoLogging: false }, forRoutes: [] })],
      providers: [{ provide: LOG, useValue: log }],
      exports: [LOG],
    };
  }
}
