import type { UpstreamResponse } from '../../core/endpoint.js';
import { isLoose } from '../convergence/words.js';

/**
 * OPCO EP answers 400 to an unknown number, with the text in `comment` and `errors` null (norm.md 3.3). A 400 that lists
 * errors is a true refusal.
 */
export function isUnknownNumber({ status, body }: UpstreamResponse): boolean {
  if (status === 404) return true;
  return status === 400 && isLoose(body) && (body['errors'] ?? null) === null && typeof body['comment'] === 'string';
}
