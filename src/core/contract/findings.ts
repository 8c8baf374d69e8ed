import type { Finding } from '../errors.js';
import { siretHolds } from './checksums.js';

/** One finding, or none: the shape in which business rules are written. */
export function when(
  broken: boolean,
  ...[pointer, code, message]: [pointer: string, code: string, message: string]
): readonly Finding[] {
  return broken ? [{ pointer, code, message }] : [];
}

/** Finds an end before its beginning; silent where one of the two is missing. `end` is the pointer of the later date. */
export function orderedDates(
  start: string | null | undefined,
  finish: string | null | undefined,
  end: string,
): readonly Finding[] {
  return when(!!start && !!finish && finish < start, end, 'date_order', 'La fin ne peut précéder le début.');
}

/** Doubtful check digits of SIRETs, by pointer: a warning only, since La Poste's numbers follow a rule of their own. */
export function doubtfulSirets(sirets: Readonly<Record<string, string | null | undefined>>): readonly Finding[] {
  return Object.entries(sirets).flatMap(([pointer, siret]) =>
    when(!!siret && !siretHolds(siret), pointer, 'siret_key', 'La clé de ce SIRET ne tombe pas juste ; vérifiez-le.'),
  );
}
