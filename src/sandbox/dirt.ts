import type { Dice } from './chance.js';
import { isPart, type Part } from './demand.js';
import { dayOf, instants } from './paris-days.js';

/**
 * What an OPCO may get wrong in the way it shows a dossier, one thing for each dirty one, for as long as it lives:
 * - `etat`: a trailing blank, and RUPTURE as the norm's first list misspelled it (norm.md 3.6);
 * - `blancs`: trailing blanks in names;
 * - `codes-texte`: code numbers of the CERFA as text;
 * - `textes-nombre`: texts of digits as numbers;
 * - `inconnus`: fields that the norm does not know;
 * - `nuls`: null where something optional is not there;
 * - `fuseaux`: the dates of the CERFA as midnights of Paris.
 */
export const dirts = ['etat', 'blancs', 'codes-texte', 'textes-nombre', 'inconnus', 'nuls', 'fuseaux'] as const;
/** One of them. */
export type Dirt = (typeof dirts)[number];

/** How many dossiers are dirty unless told: one in fifty. */
export const defaultDirtRate = 0.02;

/** What is wrong with a dossier, by the last two of its dice, among the habits of its OPCO; undefined in the usual case. */
export function drawDirt(
  [, , , , , , whether, which]: Dice,
  { habits, rate }: { readonly habits: readonly Dirt[]; readonly rate: number },
): Dirt | undefined {
  return whether < rate ? habits[Math.floor(which * habits.length)] : undefined;
}

const coded = new Set(['typeEmployeur', 'diplome', 'typeDiplome', 'typeContratApp', 'dureeTravailHebdoMinutes']);
const digits = new Set(['siret', 'codePostal', 'telephone', 'codeIdcc']);
const blanks = new Set(['nom', 'prenom', 'denomination', 'commune']);

type Soiling = (name: string, value: unknown) => unknown;

/** What each kind does to one member of a CERFA, by its name. */
const soilings: Partial<Readonly<Record<Dirt, Soiling>>> = {
  blancs: (name, value) => (blanks.has(name) && typeof value === 'string' ? `${value}  ` : value),
  'codes-texte': (name, value) => (coded.has(name) && typeof value === 'number' ? String(value) : value),
  // A number loses its leading zeros, as it does in the wild; only texts that have none are taken.
  'textes-nombre': (name, value) => (digits.has(name) && /^[1-9]\d*$/.test(String(value)) ? Number(value) : value),
  fuseaux: (name, value) => {
    const day = /^date[A-Z]/.test(name) && typeof value === 'string' ? dayOf(value) : undefined;
    return day === undefined ? value : instants.paris(day);
  },
};

/** A CERFA as an OPCO with this habit shows it. */
export function soiled(cerfa: Part, dirt: Dirt | undefined): Part {
  if (dirt === undefined) return cerfa;
  if (dirt === 'inconnus') return { ...cerfa, origineDepot: 'API', indicateurs: { alerte: null, score: 0 } };
  if (dirt === 'nuls') return withNulls(cerfa);
  const soil = soilings[dirt];
  return soil ? soilAll(cerfa, soil) : cerfa;
}

function withNulls(cerfa: Part): Part {
  const nulled = (name: string, ...optional: readonly string[]) => {
    const part = cerfa[name];
    const nulls = Object.fromEntries(optional.map((each) => [each, null]));
    return isPart(part) ? { [name]: { ...nulls, ...part } } : {};
  };
  return {
    ...cerfa,
    maitre2: cerfa['maitre2'] ?? null,
    ...nulled('employeur', 'libelleIdcc', 'nom', 'prenom'),
    ...nulled('apprenti', 'nomUsage'),
    ...nulled('maitre1', 'nir'),
    ...nulled('formation', 'dateObtentionDiplome'),
    ...nulled('contrat', 'numeroContratPrecedent', 'dateEffetAvenant', 'dateRupture', 'typeDerogation'),
  };
}

function soilAll(part: Part, soil: Soiling): Part {
  const member = (name: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((each) => member(name, each));
    return isPart(value) ? soilAll(value, soil) : soil(name, value);
  };
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, member(name, value)]));
}
