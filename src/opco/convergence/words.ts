import { civilDateInParis } from './civil-date.js';

/** A JSON object nobody has judged yet. */
export type Loose = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The offset an OPCO wants on the midnights we send. UTC in either spelling and nothing else: France was on UTC until
 * 1940, so that with any other offset the birthday of an old tutor would read as the day before in Europe/Paris.
 */
export type Offset = '+00:00' | 'Z';

/** The norm names every date `date...` and nothing else so. */
const dateName = /^date[A-Z]/;
const ourDate = /^\d{4}-\d{2}-\d{2}$/;

/** Our words to the norm's: each `YYYY-MM-DD` under a date name becomes that day's midnight with the OPCO's offset. */
export function toUpstream(value: unknown, offset: Offset): unknown {
  if (Array.isArray(value)) return value.map((each) => toUpstream(each, offset));
  if (!isLoose(value)) return value;
  const sent: Record<string, unknown> = {};
  for (const name of namesOf(value)) {
    const each = value[name];
    const dated = typeof each === 'string' && dateName.test(name) && ourDate.test(each);
    sent[sentNames.get(name) ?? name] = dated ? `${each}T00:00:00${offset}` : toUpstream(each, offset);
  }
  return sent;
}

/**
 * The norm's words to ours: times to civil dates in Europe/Paris, `employeurV2` to `employeur`, known misspellings put
 * right. What it cannot read it leaves as it is, for validation to refuse.
 */
export function fromUpstream(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromUpstream);
  if (!isLoose(value)) return value;
  const read: Record<string, unknown> = {};
  const suffixed: string[] = [];
  for (const name of namesOf(value)) {
    if (name.endsWith('V2')) suffixed.push(name);
    else read[twinNames.get(name) ?? name] = member(name, value[name]);
  }
  // V2 read models may suffix a part with `V2`; where both exist the suffixed one is the current one.
  for (const name of suffixed) {
    const plain = name.slice(0, -2);
    if (value[name] !== null) read[plain] = member(plain, value[name]);
  }
  return read;
}

/** One member in our words, by its name. */
function member(name: string, value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return fromUpstream(value);
  if (name === 'etat') return etat(value);
  if (name === 'sexe') return sexe(value);
  // Beyond 2^53 digits are lost already: another number than the OPCO's is worse than none.
  if (numberNames.has(name)) return typeof value === 'string' || Number.isSafeInteger(value) ? String(value) : value;
  return typeof value === 'string' && dateName.test(name) ? (civilDateInParis(value) ?? value) : value;
}

/** `__proto__` is no field of the norm, and writing it would change an object instead of filling it. */
function namesOf(value: Loose): readonly string[] {
  const names = Object.keys(value);
  return names.includes('__proto__') ? names.filter((name) => name !== '__proto__') : names;
}

/** Identifiers that some OPCOs send as JSON numbers; here they are text. */
const numberNames = new Set([
  'numeroInterne',
  'numeroExterne',
  'numeroDeca',
  'numeroInterneDocument',
  'numeroInterneFacture',
  'numeroInterneConvention',
  'numeroInterneCertificat',
  'numeroInterneDossier',
  'numeroExterneDossier',
  'referenceFactureCFA',
  'referenceVirement',
  'codification',
  'noAvenant',
]);

const misspelled = new Map([
  ['RUTPURE', 'RUPTURE'],
  ['RUPTU', 'RUPTURE'],
]);

/** The state as the norm spells it; an unknown one passes through. */
export function etat(value: string | number): string {
  const spelled = String(value).trim().toUpperCase();
  return misspelled.get(spelled) ?? spelled;
}

/** AKTO answers 1 or 2 where the norm has M and F (norm.md 3.7). */
function sexe(value: string | number): string | number {
  if (String(value) === '1') return 'M';
  return String(value) === '2' ? 'F' : value;
}

/** The one name that the norm spells with an accent (norm.md 3.12); composed, as integrators send it. */
const accented = 'mentionMobilit\u00e9Internationale';
const sentNames = new Map([['mentionMobiliteInternationale', accented]]);

/** Names that come in a spelling that is not ours. */
const twinNames = new Map([
  ['CERFAsignatureProbante', 'CERFASignatureProbante'],
  [accented, 'mentionMobiliteInternationale'],
  [accented.normalize('NFD'), 'mentionMobiliteInternationale'],
]);

/** Drops members that are null or empty text: an OPCO's way of saying that an optional number is not there yet. */
export function withoutNulls(value: Loose): Loose {
  const kept: Record<string, unknown> = {};
  for (const name of namesOf(value)) {
    const each = value[name];
    if (each !== null && each !== undefined && each !== '') kept[name] = each;
  }
  return kept;
}
