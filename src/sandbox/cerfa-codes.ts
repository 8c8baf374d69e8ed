import { at, demand, demandZoned, isPart, textAt, type Part } from './demand.js';

/** Numbers and ranges, such as `1 11-13`. */
const listed = (text: string): ReadonlySet<string> =>
  new Set(
    text.split(' ').flatMap((word) => {
      const [first = 0, last = first] = word.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, step) => String(first + step));
    }),
  );

const diplomes = '80 73 75 76 79 62-64 69 54 55 58 41-44 49 33-35 38 25 26 13';
const niveaux = listed('3-8');

/** The lists of norm.md 3.8, typed off the norm and not out of our contract: a slip in either shows. */
const codes: Readonly<Record<string, ReadonlySet<string>>> = {
  'employeur.typeEmployeur': listed('11-16 21-30'),
  'employeur.employeurSpecifique': listed('0-4'),
  'apprenti.nationalite': listed('1-3'),
  'apprenti.regimeSocial': listed('1 2'),
  'apprenti.situationAvantContrat': listed('1-12'),
  'apprenti.derniereClasse': listed('1 11 12 21 22 31 32 40-42'),
  'maitre1.niveauDiplomeObtenu': niveaux,
  'maitre2.niveauDiplomeObtenu': niveaux,
  'contrat.modeContractuel': listed('1-4'),
  'contrat.typeContratApp': listed('11 21-23 31-38'),
  'contrat.typeDerogation': listed('11 12 21 22 50 60'),
};

const currentDiplomes = listed(diplomes);
/** Four more were on the lists of V10 to V13. */
const olderDiplomes = listed(`${diplomes} 61 71 72 74`);
const diplomeFields = ['apprenti.diplome', 'apprenti.diplomePrepare', 'formation.typeDiplome'];

/** The shapes of norm.md 3.7. */
const shapes: Readonly<Record<string, RegExp>> = {
  versionCERFA: /^10103\*1[0-4]$/,
  'employeur.codeIdcc': /^[0-9]{4}$/,
  'employeur.adresse.codePostal': /^[0-9]{5}$/,
  'apprenti.sexe': /^[MF]$/,
  'apprenti.nir': /^[0-9]{6}[0-9AB](?:[0-9]{6}|[0-9]{8})$/,
  'apprenti.departementNaissance': /^[0-9AB]{1,3}$/,
  'apprenti.adresse.codePostal': /^[0-9]{5}$/,
  'maitre1.nir': /^[0-9]{6}[0-9AB](?:[0-9]{6}|[0-9]{8})$/,
  'maitre2.nir': /^[0-9]{6}[0-9AB](?:[0-9]{6}|[0-9]{8})$/,
  'formation.rncp': /^RNCP[0-9]{1,5}$/,
  'formation.codeDiplome': /^.{8}$/,
  'organismeFormation.uaiCfa': /^[0-9]{7}[A-Za-z]$/,
};

/** Characters at most (norm.md 3.7). */
const lengths: Readonly<Record<string, number>> = {
  'employeur.denomination': 80,
  'employeur.naf': 6,
  'employeur.libelleIdcc': 500,
  'employeur.telephone': 13,
  'employeur.courriel': 80,
  'employeur.nom': 200,
  'employeur.prenom': 50,
  'employeur.caisseComplementaire': 80,
  'apprenti.nom': 80,
  'apprenti.prenom': 80,
  'apprenti.communeNaissance': 80,
  'apprenti.intituleDiplomePrepare': 255,
  'formation.intituleQualification': 255,
  'organismeFormation.denomination': 80,
};

const nirs = ['apprenti.nir', 'maitre1.nir', 'maitre2.nir'];

/** Refuses a field that is there and is no code, has no such shape, or is too long. */
export function demandCodes(cerfa: Part): void {
  const older = /^10103\*1[0-3]$/.test(textAt(cerfa, 'versionCERFA'));
  const lists = { ...codes, ...each(diplomeFields, older ? olderDiplomes : currentDiplomes) };
  for (const [path, list] of Object.entries(lists))
    demand(absent(cerfa, path) || list.has(textAt(cerfa, path)), ['CODE', `${path} : code inconnu.`]);
  for (const [path, shape] of Object.entries(shapes))
    demand(absent(cerfa, path) || shape.test(textAt(cerfa, path)), ['FORMAT', `${path} : format invalide.`]);
  for (const path of Object.keys(lengths))
    demand(absent(cerfa, path) || isText(at(cerfa, path)), ['FORMAT', `${path} : un texte est attendu.`]);
  for (const [path, most] of Object.entries(lengths))
    demand([...textAt(cerfa, path)].length <= most, ['LONGUEUR', `${path} : ${most} caractères au plus.`]);
  for (const path of nirs)
    demand(keyHolds(textAt(cerfa, path)), ['NIR', `${path} : clé du numéro de sécurité sociale fausse.`]);
  demandZoned(cerfa, ['contrat.dateEffetAvenant', 'maitre2.dateNaissance', 'formation.dateObtentionDiplome']);
}

const each = <Value>(paths: readonly string[], value: Value) => Object.fromEntries(paths.map((path) => [path, value]));

const absent = (cerfa: Part, path: string) => {
  const value = at(cerfa, path);
  return value === undefined || value === null;
};

const isText = (value: unknown) => typeof value === 'string' || typeof value === 'number';

/** 97 less the remainder of the thirteen digits, Corsica read as 19 and 18 (norm.md 3.8); thirteen alone carry no key. */
function keyHolds(nir: string): boolean {
  const [, thirteen = '', key] = /^(.{13})(.{2})$/.exec(nir.replace('2A', '19').replace('2B', '18')) ?? [];
  return key === undefined || (/^[0-9]{13}$/.test(thirteen) && Number(key) === 97 - (Number(thirteen) % 97));
}

/** The objects of a list in a CERFA; refuses a list that holds anything else. */
export function rowsOf(cerfa: Part, path: string): readonly Part[] {
  const value = at(cerfa, path) ?? [];
  demand(Array.isArray(value) && value.every(isPart), ['FORMAT', `${path} : une liste d'objets est attendue.`]);
  return value;
}
