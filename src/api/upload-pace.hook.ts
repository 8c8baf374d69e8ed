import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { fail } from '../core/errors.js';
import type { Env } from '../platform/config/env.js';
import { endWithProblem } from './raw-answers.js';
import { announcesBody } from './wire-rules.hook.js';

type PaceSettings = Pick<Env, 'OPCOVIA_UPLOAD_MIN_BYTES_PER_SECOND' | 'OPCOVIA_UPLOAD_GRACE_SECONDS'>;

interface Upload {
  readonly begunMs: number;
  /** Of the connection, when the body began. */
  readonly bytesBefore: number;
}

/** How often the uploads under way are looked at. */
const lookMs = 500;

/**
 * Ends who sends a body drop by drop, long before the time of the whole request is over. One timer for all uploads, running
 * only while there are some.
 *
 *     body begins ──grace──▶ judged each half second ──slower than the pace──▶ 408, connection cut
 *          └──────── last byte, or connection closed ────────▶ forgotten
 */
export function uploadPaceHook(settings: PaceSettings) {
  const bytesPerMs = settings.OPCOVIA_UPLOAD_MIN_BYTES_PER_SECOND / 1000;
  const graceMs = settings.OPCOVIA_UPLOAD_GRACE_SECONDS * 1000;
  const uploads = new Map<IncomingMessage, Upload>();
  let looking: NodeJS.Timeout | undefined;

  const forget = (message: IncomingMessage) => {
    uploads.delete(message);
    if (uploads.size === 0) looking = void clearInterval(looking);
  };
  const look = () => {
    for (const [message, { begunMs, bytesBefore }] of uploads) {
      const lasted = performance.now() - begunMs;
      if (message.complete) forget(message);
      // What lies here unread is our own slowness.
      else if (message.readableLength > 0) continue;
      else if (lasted > graceMs && message.socket.bytesRead - bytesBefore < lasted * bytesPerMs) {
        forget(message);
        endWithProblem(
          message.socket,
          fail('REQUEST_TIMEOUT', { detail: 'Le corps de la requête arrive trop lentement.' }),
        );
      }
    }
  };
  return function uploadPace(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
    const { raw } = request;
    if (raw.complete || !announcesBody(request)) return done();
    uploads.set(raw, { begunMs: performance.now(), bytesBefore: raw.socket.bytesRead });
    raw.once('close', () => forget(raw));
    // After sockets were read: a busy process must not take its own slowness for the sender's.
    looking ??= setInterval(() => setImmediate(look), lookMs).unref();
    done();
  };
}
