import { demandCodes } from './cerfa-codes.js';
import { demandRules } from './cerfa-rules.js';
import type { SandboxCfa } from './cfa.js';
import { at, demand, demandAll, demandSiret, demandZoned, isPart, parsedPart, textAt, type Part } from './demand.js';
import { identifier } from './dialect.js';
import { plainEtat, type SandboxDossier } from './dossier.js';
import type { Asked, Done, Served } from './asked.js';
import { rupture } from './lifecycle.js';
import { dayOf } from './paris-days.js';
import { dossierOf } from './reads.js';

const parts = ['employeur', 'apprenti', 'maitre1', 'formation', 'contrat', 'organismeFormation'] as const;

/** Without these no OPCO opens a file (norm.md 3.7). */
const mandatory = [
  'employeur.denomination',
  'employeur.adresse.codePostal',
  'employeur.typeEmployeur',
  'apprenti.nom',
  'apprenti.prenom',
  'apprenti.dateNaissance',
  'formation.dateDebutFormation',
  'formation.dateFinFormation',
  'formation.dureeFormation',
  'contrat.typeContratApp',
  'contrat.dateConclusion',
  'contrat.dateDebutContrat',
  'contrat.dateFinContrat',
  'organismeFormation.siret',
];

const dates = [
  'apprenti.dateNaissance',
  'contrat.dateConclusion',
  'contrat.dateDebutContrat',
  'contrat.dateFinContrat',
  'contrat.dateFormationPratiqueEmployeur',
  'formation.dateDebutFormation',
  'formation.dateFinFormation',
  'maitre1.dateNaissance',
];

/** A JSON body; everything else is refused. */
function jsonBody({ body, headers }: Asked): Part {
  demand(/^application\/json\b/i.test(String(headers['content-type'])), ['TYPE', 'application/json attendu.', 415]);
  const parsed = parsedPart(body?.toString('utf8') ?? '');
  demand(parsed !== undefined, ['BODY', 'Corps JSON illisible.']);
  return parsed;
}

/** Reads a contract as an OPCO does. Not our contract, on purpose: what both get wrong would never be seen. */
function readCerfa(asked: Asked): Part {
  const { cerfa } = jsonBody(asked);
  demand(isPart(cerfa), ['BODY', 'Corps JSON {"cerfa": {...}} attendu.']);
  const missing = parts.find((name) => !isPart(cerfa[name]));
  demand(missing === undefined, ['MANQUANT', `Le bloc ${missing} est obligatoire.`]);
  demandAll(cerfa, mandatory);
  demandSiret(cerfa, 'employeur.siret');
  demandSiret(cerfa, 'organismeFormation.siret');
  demandZoned(cerfa, dates);
  demand(cerfa['etat'] === 'TRANSMIS', ['ETAT', "etat : TRANSMIS est attendu à l'envoi."]);
  demandCodes(cerfa);
  demandRules(cerfa);
  return cerfa;
}

/** What makes two contracts the same: employer, apprentice, start, kind of contract and amendment. */
function contractKey(cerfa: Part): string {
  const nir = textAt(cerfa, 'apprenti.nir').slice(0, 13);
  const person =
    nir || ['nom', 'prenom', 'dateNaissance'].map((name) => textAt(cerfa, `apprenti.${name}`).toUpperCase());
  const contrat = ['typeContratApp', 'noAvenant'].map((name) => textAt(cerfa, `contrat.${name}`));
  return JSON.stringify([
    textAt(cerfa, 'employeur.siret'),
    person,
    dayOf(at(cerfa, 'contrat.dateDebutContrat')),
    contrat,
  ]);
}

function demandNoTwin(cfa: SandboxCfa, key: string, now: number): void {
  const twin = cfa.dialect.refusesTwins ? cfa.contracts.get(key) : undefined;
  const alive = twin !== undefined && !['REFUSE', 'ANNULE'].includes(plainEtat(twin, now));
  demand(!alive, ['DOUBLON', 'Ce contrat a déjà été déposé.', cfa.dialect.conflictStatus]);
}

const numbersOf = ({ dialect }: SandboxCfa, { numeroInterne, numeroExterne, numeroDeca }: SandboxDossier) => ({
  numeroInterne: identifier(dialect, numeroInterne),
  numeroExterne,
  numeroDeca,
});

/** `POST dossiers`. */
export function depositDossier({ world, asked, cfa }: Served): Done {
  const cerfa = readCerfa(asked);
  const key = contractKey(cerfa);
  demandNoTwin(cfa, key, world.virtual.now());
  const dossier = world.admit(cfa, cerfa);
  cfa.contracts.set(key, dossier);
  return { body: numbersOf(cfa, dossier), effect: { type: 'dossier', numeroInterne: dossier.numeroInterne }, key };
}

/**
 * `POST v2/dossiers/rupture/employeur`. The norm tells no body: the dossier's number and `dateRupture` are wanted, all
 * else is taken as it is.
 */
export function depositRupture({ world, asked, cfa }: Served): Done {
  const body = jsonBody(asked);
  const numero = textAt(body, 'numeroInterne') || textAt(body, 'numeroInterneDossier');
  demand(numero !== '', ['MANQUANT', 'Le champ numeroInterne est obligatoire.']);
  demandAll(body, ['dateRupture']);
  demandZoned(body, ['dateRupture']);
  const dossier = dossierOf(cfa, numero);
  demand(plainEtat(dossier, world.virtual.now()) === 'ENGAGE', [
    'ETAT',
    'Seul un dossier engagé peut être rompu.',
    cfa.dialect.conflictStatus,
  ]);
  const [day, debut, fin] = [
    at(body, 'dateRupture'),
    at(dossier.cerfa, 'contrat.dateDebutContrat'),
    at(dossier.cerfa, 'contrat.dateFinContrat'),
  ].map((value) => dayOf(value) ?? '');
  demand(day !== undefined && day >= (debut ?? '') && day <= (fin ?? ''), ['DATES', 'dateRupture : hors du contrat.']);
  dossier.forced = { etat: 'RUPTURE', commentaire: rupture(day), dateRupture: day };
  cfa.rowsChanged();
  const answer = { ...numbersOf(cfa, dossier), etat: cfa.dialect.rupture };
  const { numeroInterne } = dossier;
  return { body: answer, effect: { type: 'rupture', numeroInterne }, key: numeroInterne };
}
