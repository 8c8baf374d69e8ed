import pino, { type DestinationStream, type Logger } from 'pino';
import { describeError } from './describe-error.js';

/**
 * The fields that a line may have besides level, time and text. A field that is not named here is not written, whatever it
 * holds: a request, a body or an error of somebody else's cannot slip in.
 */
const fields = [
  'requestId',
  'method',
  'route',
  'status',
  'ms',
  'tenant',
  'opcoId',
  'endpoint',
  // Where and how an OPCO's answer drifted: names of fields, never their values.
  'drift',
  'pointer',
  'jobId',
  'context',
  'count',
  'err',
] as const;

const longestText = 200;

/** The process's logger: JSON lines, UTC; everything goes through allow-lists, never through redaction. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: allowed },
    serializers: { err: describeError, req: () => undefined, res: () => undefined },
    hooks: { logMethod },
  };
  return pino(options, destination ?? standardOutput());
}

/** Bytes of lines that wait for a reader who stands still; what comes after them is dropped, never the process held up. */
const mostWaiting = 16 * 1024 * 1024;

/**
 * Lines go out together, 4 kB or a tenth of a second of them: one write for each would be a tenth of what an answer out of the cache
 * costs. What waits when the process exits is written then; only a killed one loses it.
 */
export function standardOutput(): DestinationStream {
  return pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 100, maxLength: mostWaiting });
}

/** One last line for a process that cannot go on, in the shape of every other. */
export function lastWords(thrown: unknown): string {
  const line = { level: 'fatal', time: new Date().toISOString(), err: describeError(thrown), msg: 'process ends' };
  return `${JSON.stringify(line)}\n`;
}

function allowed(given: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of fields) {
    const value = given[name];
    if (name === 'err' ? value !== undefined : isPlain(value)) kept[name] = shortened(value);
  }
  return kept;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function shortened(value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, longestText) : value;
}

/** Where a line has an error and no text of its own, pino would take the error's message for one. */
function logMethod(this: Logger, args: Parameters<pino.LogFn>, method: pino.LogFn): void {
  const [first, text]: readonly unknown[] = args;
  const err = first instanceof Error ? first : errorIn(first);
  if (err === undefined || (first !== err && typeof text === 'string')) return method.apply(this, args);
  method.call(this, first === err ? { err } : (first as object), 'failed');
}

function errorIn(given: unknown): unknown {
  return typeof given === 'object' && given !== null && 'err' in given ? given.err : undefined;
}
