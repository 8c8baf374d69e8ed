/** What a scan saw, as far as the pace depends on it. */
export interface ScanFacts {
  /** The states of the tenant's dossiers at the OPCO. */
  readonly etats: ReadonlySet<string>;
}

const moving = new Set(['TRANSMIS', 'EN_COURS_INSTRUCTION']);
const final = new Set(['SOLDE', 'ANNULE', 'REFUSE', 'RUPTURE']);
const longestSeconds = 3600;

/**
 * Seconds until the next poll: half the interval while something is being examined, ten times it (an hour at most) once
 * everything is over, else the interval; +-10 % so that tenants spread out. `random` is in [0, 1).
 */
export function choosePace({ etats }: ScanFacts, intervalSeconds: number, random: number): number {
  return jittered(intervalSeconds * factorOf(etats), intervalSeconds, random);
}

/** Seconds until a poll that failed is tried again: doubles with each failure in a row, an hour at most. */
export function backOff(failures: number, intervalSeconds: number, random: number): number {
  return jittered(intervalSeconds * 2 ** Math.min(failures, 20), intervalSeconds, random);
}

function factorOf(etats: ReadonlySet<string>): number {
  if ([...etats].some((etat) => moving.has(etat))) return 0.5;
  return etats.size > 0 && [...etats].every((etat) => final.has(etat)) ? 10 : 1;
}

function jittered(seconds: number, intervalSeconds: number, random: number): number {
  return Math.min(seconds, Math.max(longestSeconds, intervalSeconds)) * (0.9 + 0.2 * random);
}
