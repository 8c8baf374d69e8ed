import { OpcoviaError } from '../../core/errors.js';

/** A chain of causes longer than this tells nothing more, and one that bites its tail would have no end. */
const deepestCause = 5;
const mostFrames = 6;
/** `at name (place:line:column)`, where the place is a file or a module of Node: a message that imitates a frame has none. */
const frame =
  /^\s+at ((?:async )?(?:[\w$.<>[\]# ]{1,120} )?\(?(?:file:|node:|\/|[A-Za-z]:\\)[^\s()]{1,300}:\d+:\d+\)?)$/;

/**
 * What a log line may say of a failure: class, stable code and the places in our code. Never the message: messages of
 * PostgreSQL, Redis, TLS and parsers repeat values, and a value may be a person.
 */
export function describeError(thrown: unknown, depth = 0): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { class: typeof thrown };
  const code = thrown instanceof OpcoviaError ? thrown.code : 'code' in thrown ? thrown.code : undefined;
  return {
    class: word(thrown.name),
    ...(code !== undefined && { code: word(code) }),
    at: framesOf(thrown),
    ...(thrown.cause !== undefined && depth < deepestCause && { cause: describeError(thrown.cause, depth + 1) }),
  };
}

/** Names and codes are words of a program; anything else in their place may be a value. */
function word(value: unknown): string {
  const text = String(value);
  return /^[A-Za-z0-9_.$-]{1,60}$/.test(text) ? text : 'unnamed';
}

function framesOf({ stack, message }: Error): string[] {
  if (typeof stack !== 'string') return [];
  // The message stands in front of the frames and may hold lines that look like some.
  const end = message ? stack.indexOf(message) + message.length : 0;
  const lines = stack.slice(Math.max(0, end)).split('\n');
  return lines.flatMap((line) => frame.exec(line)?.[1] ?? []).slice(0, mostFrames);
}
