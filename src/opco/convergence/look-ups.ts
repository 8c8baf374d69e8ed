import type { DossierDeposit } from '../../core/contract/dossier.js';
import type { FactureFields } from '../../core/contract/facture.js';
import type { Comparison, LookUp, Question } from '../../core/endpoint.js';
import { foldName } from '../../core/fold-name.js';
import { isLoose, withoutNulls, type Loose } from './words.js';

/** Text out of anything, empty where there is none. */
const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '');
const part = (value: unknown, name: string): Loose => {
  const each = isLoose(value) ? value[name] : undefined;
  return isLoose(each) ? each : {};
};

const plain = (value: unknown) => foldName(text(value));

/** What is shown in no form of ours (masked, cut, a leading zero lost in a number) is empty: it proves nothing. */
const shaped = (value: unknown, shape: RegExp) => {
  const bare = text(value).replace(/\s+/g, '').toUpperCase();
  return shape.test(bare) ? bare : '';
};
const siretOf = (value: unknown) => shaped(value, /^[0-9]{14}$/);
const dayOf = (value: unknown) => shaped(value, /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/);

const nirOf = (apprenti: Loose) => shaped(apprenti['nir'], /^[0-9]{6}[0-9AB](?:[0-9]{6}|[0-9]{8})$/).slice(0, 13);
const civilOf = (apprenti: Loose) => [
  plain(apprenti['nom']),
  plain(apprenti['prenom']),
  dayOf(apprenti['dateNaissance']),
];

/** The natural key of a contract (product.md 7): who employs whom, from when, under which contract or amendment. */
export function dossierKey({ body }: Question): readonly string[] {
  const { employeur, apprenti, contrat } = (body as DossierDeposit).cerfa;
  const nir = nirOf(apprenti);
  const who = nir === '' ? ['civil', ...civilOf(apprenti)] : ['nir', nir];
  const { dateDebutContrat, typeContratApp, noAvenant } = contrat;
  return [employeur.siret, ...who, dateDebutContrat, String(typeContratApp), text(noAvenant)];
}

/** The natural key of an invoice; undefined without the CFA's own number. */
export function factureKey({ body }: Question): readonly string[] | undefined {
  const { siretEmetteur, numero } = body as FactureFields;
  return text(numero) === '' ? undefined : [siretEmetteur, text(numero)];
}

/** Two values of one member: what either side lacks proves nothing. */
function compared(sent: unknown, shown: unknown): Comparison {
  const [ours, theirs] = [text(sent), text(shown)];
  if (ours === theirs) return ours === '' ? 'unsure' : 'same';
  return ours === '' || theirs === '' ? 'unsure' : 'other';
}

/** A reference without what systems add, drop or cut on their own. */
const reference = (value: unknown) => plain(value).replace(/^0+(?=.)/, '');

/** No system cuts references shorter than that. */
const leastCut = 8;

/** Two spellings of a reference; a long one that is the beginning or end of ours may be ours, cut, which proves nothing. */
function sameReference(sent: unknown, shown: unknown): Comparison {
  const [ours, theirs] = [reference(sent), reference(shown)];
  const cut = theirs.length >= leastCut && (ours.startsWith(theirs) || ours.endsWith(theirs));
  return ours !== theirs && cut ? 'unsure' : compared(ours, theirs);
}

function together(comparisons: readonly Comparison[]): Comparison {
  if (comparisons.includes('other')) return 'other';
  return comparisons.includes('unsure') ? 'unsure' : 'same';
}

function samePerson(sent: Loose, shown: Loose): Comparison {
  const byNir = compared(nirOf(sent), nirOf(shown));
  if (byNir !== 'unsure') return byNir;
  const [ours, theirs] = [civilOf(sent), civilOf(shown)];
  const [nom, prenom, born] = ours.map((each, index) => compared(each, theirs[index]));
  if (born === 'other') return 'other';
  // A married name, one first name of two: names that differ are no proof of another person.
  return nom === 'same' && prenom === 'same' && born === 'same' ? 'same' : 'unsure';
}

/** No amendment number on either side is the usual case, and no doubt. */
function sameAvenant(sent: unknown, shown: unknown): Comparison {
  return text(sent) === '' && text(shown) === '' ? 'same' : sameReference(sent, shown);
}

/** A contract is found by the numbers that `etats` shows and did not show before, each read as a dossier. */
export const dossierLookUp: LookUp = {
  lists: 'etats',
  reads: 'dossier',
  numberOf: (row) => text(isLoose(row) ? row['numeroInterne'] : undefined) || undefined,
  compare: ({ body }, shown) => {
    const [sent, seen] = [part(body, 'cerfa'), part(shown, 'cerfa')];
    const [ours, theirs] = [part(sent, 'contrat'), part(seen, 'contrat')];
    return together([
      compared(siretOf(part(sent, 'employeur')['siret']), siretOf(part(seen, 'employeur')['siret'])),
      samePerson(part(sent, 'apprenti'), part(seen, 'apprenti')),
      compared(dayOf(ours['dateDebutContrat']), dayOf(theirs['dateDebutContrat'])),
      compared(ours['typeContratApp'], theirs['typeContratApp']),
      sameAvenant(ours['noAvenant'], theirs['noAvenant']),
    ]);
  },
  answerOf: (shown) => {
    const { numeroInterne, numeroExterne, numeroDeca } = part(shown, 'cerfa');
    return withoutNulls({ numeroInterne, numeroExterne, numeroDeca });
  },
};

/** An invoice is found by its row in `factures/etats`: the CFA's own number and SIRET stand in it. */
export const factureLookUp: LookUp = {
  lists: 'facturesEtats',
  numberOf: (row) => text(isLoose(row) ? row['numeroInterneFacture'] : undefined) || undefined,
  compare: ({ body }, shown) => {
    const { siretEmetteur, numero } = body as FactureFields;
    const theirNumber = isLoose(shown) ? shown['referenceFactureCFA'] : undefined;
    const theirs = siretOf(part(shown, 'organismeFormation')['siret']);
    return together([sameReference(numero, theirNumber), compared(siretOf(siretEmetteur), theirs)]);
  },
  answerOf: (shown) => withoutNulls({ numeroInterneFacture: isLoose(shown) ? shown['numeroInterneFacture'] : null }),
};
