import type { OpcoAdapter } from '../../core/endpoint.js';
import { fail, OpcoviaError, type SentState } from '../../core/errors.js';
import { WireFailure } from './wire.js';

/** What was thrown on the way to an OPCO, as a failure of the catalogue that always says how far the bytes of the call came. */
export function upstreamFailure(adapter: OpcoAdapter, thrown: unknown, sent?: SentState): OpcoviaError {
  if (thrown instanceof WireFailure) return wireFailure(adapter, thrown, sent ?? thrown.sent);
  if (thrown instanceof OpcoviaError) {
    return new OpcoviaError(thrown.code, {
      sent: sent ?? 'not-sent',
      ...thrown.details,
      cause: thrown.details.cause ?? thrown,
    });
  }
  return fail('INTERNAL_ERROR', { sent: sent ?? 'not-sent', cause: thrown });
}

function wireFailure(adapter: OpcoAdapter, failure: WireFailure, sent: SentState): OpcoviaError {
  const details = { sent, cause: failure };
  if (failure.why === 'timeout')
    return fail('UPSTREAM_TIMEOUT', { detail: `${adapter.label} n'a pas répondu à temps.`, ...details });
  if (failure.why === 'too-large')
    return fail('UPSTREAM_INVALID', { detail: `La réponse de ${adapter.label} est trop volumineuse.`, ...details });
  return fail('UPSTREAM_ERROR', { detail: `La connexion avec ${adapter.label} a échoué.`, ...details });
}
