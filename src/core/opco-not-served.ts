import { fail, type OpcoviaError } from './errors.js';

/** Why a slug without an adapter is refused. */
export function opcoNotServed(): OpcoviaError {
  return fail('UNKNOWN_OPCO', { detail: "Ce n'est pas l'un des onze OPCO ; voyez GET /capabilities." });
}
