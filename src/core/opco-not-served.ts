import { opcoIds } from './endpoint.js';
import { fail, type OpcoviaError } from './errors.js';

/** Why a slug without an adapter is refused: 501 for one of the eleven that this version does not serve, else 404. */
export function opcoNotServed(slug: string): OpcoviaError {
  if ((opcoIds as readonly string[]).includes(slug)) {
    return fail('NOT_SUPPORTED', {
      detail: 'Cet OPCO n’est pas encore servi par cette version ; voyez GET /capabilities.',
    });
  }
  return fail('UNKNOWN_OPCO', { detail: "Ce n'est pas l'un des onze OPCO ; voyez GET /capabilities." });
}
