import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../../core/errors.js';
import type { Env } from '../../platform/config/env.js';
import type { FileStore } from '../../queue/file-store.js';
import type { Staging } from '../../queue/staging.js';
import { wantsDryRun } from '../opco/dry-run.js';
import { type HeavyTurns, heavyBytes } from './heavy-turns.js';
import { takeFormFiles, type IntakeLimits } from './form-files.js';
import { takeJsonFiles } from './json-files.js';
import type { Received } from './received.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The files of a deposit; present on the routes that take some. */
    received?: Received;
  }
}

/** The type whose body no parser reads: `takeFilesHook` does, when everything else about the request is known to be right. */
export const formType = 'multipart/form-data';

/** Leaves a form unread on the routes that take files; on any other it is 415. */
export async function leaveForm(request: FastifyRequest): Promise<void> {
  if (request.routeOptions.config.takesFiles !== true) {
    throw fail('UNSUPPORTED_MEDIA_TYPE', { detail: 'Cette adresse attend du JSON (Content-Type: application/json).' });
  }
}

/**
 * Parts the files of a deposit from its body, out of JSON (`_files`) or out of a form: from here on nobody can tell which of the
 * two it was.
 */
export function takeFilesHook(parts: {
  readonly store: FileStore;
  readonly limits: IntakeLimits;
  readonly turns: HeavyTurns;
}) {
  return async function takeFiles(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (request.routeOptions.config.takesFiles !== true || !request.tenant) return;
    const taken = isForm(request)
      ? await takeFormFiles(request, { ...parts, staging: stagingFor(request, parts.store) }).catch(
          (error: unknown) => {
            // The rest of the form is not read: nobody knows where the next request would begin.
            void reply.header('connection', 'close');
            throw error;
          },
        )
      : await takeInTurn(request, parts);
    request.body = taken.body;
    request.received = taken.received;
  };
}

/** Decoding and weighing a large file is felt, as reading its body was. */
async function takeInTurn(
  { body, headers }: FastifyRequest,
  { limits, turns }: { readonly limits: IntakeLimits; readonly turns: HeavyTurns },
) {
  // Without a length it came in chunks, and may be large.
  if (Number(headers['content-length'] ?? Infinity) > heavyBytes) await turns.next();
  return takeJsonFiles(body, limits.fileBytes);
}

/** Removes what was stored for a deposit that no job took; what a job took stays. */
export async function dropFilesHook(request: FastifyRequest): Promise<void> {
  await request.received?.staging?.drop().catch(() => undefined);
}

/** None for a dry run: it writes nothing, not even for a moment. */
function stagingFor({ tenant, query }: FastifyRequest, store: FileStore): Staging | undefined {
  return tenant && !wantsDryRun(query) ? store.stage(tenant.hash) : undefined;
}

function isForm({ headers }: FastifyRequest): boolean {
  return /^multipart\/form-data\s*(?:;|$)/i.test(headers['content-type'] ?? '');
}

/** The settings of the intake. */
export function intakeLimits(env: Env): IntakeLimits {
  return {
    requestBytes: env.OPCOVIA_DEPOSIT_BODY_MIB * 1_048_576,
    fileBytes: env.OPCOVIA_FILE_MIB * 1_048_576,
    files: 10,
  };
}
