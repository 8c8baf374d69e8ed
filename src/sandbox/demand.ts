/** A JSON object that nobody has judged yet. */
export type Part = Readonly<Record<string, unknown>>;

/** Why an OPCO says no, before its dialect words it. Thrown by the checks, answered by the desk. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly text: string,
    readonly status = 400,
  ) {
    super(text);
  }
}

/** Refuses unless it holds; 400 when no status is given. */
export function demand(holds: boolean, [code, text, status]: readonly [string, string, number?]): asserts holds {
  if (!holds) throw new Refused(code, text, status);
}

/** Whether a value is a JSON object. */
export const isPart = (value: unknown): value is Part =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A JSON text as an object; undefined for all else. */
export function parsedPart(text: string): Part | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPart(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The value at `a.b`; undefined where something on the way is missing. */
export function at(part: Part, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isPart(value) ? value[name] : undefined), part);
}

/** A member as text; empty when it is none. Numbers count as text: identifiers come both ways. */
export function textAt(part: Part, path: string): string {
  const value = at(part, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

/** Refuses a body in which one of these paths is absent, null or empty. */
export function demandAll(part: Part, paths: readonly string[]): void {
  const missing = paths.find((path) => {
    const value = at(part, path);
    return value === undefined || value === null || value === '';
  });
  demand(missing === undefined, ['MANQUANT', `Le champ ${missing} est obligatoire.`]);
}

const zoned = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** `Date.parse` takes the 31st of February for the second of March: the day has to come back as it was. */
function isInstant(text: string): boolean {
  if (!zoned.test(text) || Number.isNaN(Date.parse(text))) return false;
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** Refuses a date that is there and is no day of the calendar, or has no time or no zone (norm.md 3.7). */
export function demandZoned(part: Part, paths: readonly string[]): void {
  const bad = paths.find((path) => {
    const value = at(part, path);
    return value !== undefined && value !== null && !(typeof value === 'string' && isInstant(value));
  });
  demand(bad === undefined, ['DATE', `${bad} : date avec heure et fuseau attendue.`]);
}

/** Refuses what is no SIRET of fourteen digits, or another one than expected. */
export function demandSiret(part: Part, path: string, expected?: string): void {
  const siret = textAt(part, path);
  demand(/^[0-9]{14}$/.test(siret), ['SIRET', `${path} : SIRET invalide.`]);
  demand(expected === undefined || siret === expected, ['SIRET', `${path} : ce SIRET n'est pas celui attendu.`]);
}

/** Euros with two decimals at most, as whole cents; undefined for all else. */
export function centsOf(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const cents = Math.round(value * 100);
  return Math.abs(value * 100 - cents) < 1e-6 ? cents : undefined;
}
