import type { OpcoAdapter } from '../../core/endpoint.js';
import { fail, type OpcoviaError } from '../../core/errors.js';

const reasons = {
  unconfigured: 'aucune adresse configurée pour cet environnement',
  breaker: 'trop de ses réponses récentes étaient des échecs',
} as const;

/** Nobody is asked: 503 with when to come back. */
export function unreachable(adapter: OpcoAdapter, unavailable: keyof typeof reasons, seconds: number): OpcoviaError {
  return fail('UPSTREAM_UNAVAILABLE', {
    detail: `${adapter.label} n'est pas joignable pour l'instant : ${reasons[unavailable]}.`,
    unavailable,
    retryAfterSeconds: seconds,
    sent: 'not-sent',
  });
}
