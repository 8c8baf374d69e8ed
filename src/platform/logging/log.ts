import pino, { type DestinationStream, type Logger } from 'pino';
import { OpcoviaError } from '../../core/errors.js';

/**
 * What a log line may say of a failure: class, stable code and the places in our code. Never the message: messages of
 * PostgreSQL, Redis, TLS and parsers repeat values, and a value may be a person.
 */
export function describeError(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { class: typeof thrown };
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    class: thrown.name,
    ...(thrown instanceof OpcoviaError
      ? { code: thrown.code }
      : 'code' in thrown && { code: String(thrown.code).slice(0, 40) }),
    at: frames.slice(0, 6).map((line) => line.trim().replace(/^at /, '')),
    ...(thrown.cause !== undefined && { cause: describeError(thrown.cause) }),
  };
}

/** The process's logger: JSON lines, UTC; errors and requests go through allow-lists, never through redaction. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError, req: () => undefined, res: () => undefined },
  };
  return destination ? pino(options, destination) : pino(options);
}
