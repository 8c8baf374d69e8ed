import { civilDateInParis } from '../opco/convergence/civil-date.js';
import { etatOf, type SandboxCfa, type SandboxDossier } from './cfa.js';
import { drawn } from './chance.js';
import { schedule } from './funding.js';

type Part = Readonly<Record<string, unknown>>;

const partOf = (cerfa: Part, name: string): Part => {
  const part = cerfa[name];
  return typeof part === 'object' && part !== null ? (part as Part) : {};
};

const midnight = (date: string) => `${date}T00:00:00+00:00`;
const euros = (cents: number) => cents / 100;

/** The contract's first and last day. */
function periodOf(cerfa: Part): { debut: string; fin: string } {
  const contrat = partOf(cerfa, 'contrat');
  const date = (name: string) => civilDateInParis(String(contrat[name])) ?? '2026-09-01';
  return { debut: date('dateDebutContrat'), fin: date('dateFinContrat') };
}

/** The annual amount (NPEC) in cents, drawn once for each dossier. */
function annualCents(seed: string, { numeroInterne }: SandboxDossier): number {
  return drawn(60, 95, seed, numeroInterne, 'npec') * 10_000;
}

/** What an OPCO answers to `GET dossiers?numeroInterne=` at a virtual instant. */
export function dossierAnswer(dossier: SandboxDossier, cfa: SandboxCfa, seed: string, now: number): unknown {
  const etat = etatOf(dossier, cfa.dialect, now);
  const funded = ['ENGAGE', 'SOLDE', 'RUPTURE', 'RUPTU'].includes(etat);
  return {
    comment: null,
    engagement: null,
    cerfa: cerfaAnswer(dossier, cfa, etat),
    echeances: null,
    engagementsFraisAnnexe: [],
    detailsFacturation: null,
    ...(funded && fundingAnswer(dossier, cfa, seed)),
  };
}

function cerfaAnswer(dossier: SandboxDossier, cfa: SandboxCfa, etat: string): Part {
  const { numeroInterne, numeroExterne, numeroDeca, cerfa } = dossier;
  const comment =
    dossier.forced?.commentaire ?? (etat === 'REFUSE' ? 'Formation non éligible à une prise en charge.' : '');
  const answer = { ...cerfa, numeroInterne, numeroExterne, numeroDeca, etat, commentaireEtat: comment };
  if (!cfa.dialect.dirty) return answer;
  const { employeur, ...others } = answer as Part;
  const apprenti = partOf(cerfa, 'apprenti');
  return {
    ...others,
    numeroInterne: Number(numeroInterne),
    employeurV2: employeur,
    apprenti: { ...apprenti, sexe: apprenti['sexe'] === 'M' ? 1 : 2 },
  };
}

function fundingAnswer(dossier: SandboxDossier, cfa: SandboxCfa, seed: string): Part {
  const { debut, fin } = periodOf(dossier.cerfa);
  const instalments = schedule(debut, fin, annualCents(seed, dossier));
  return {
    engagement: euros(instalments.reduce((sum, { cents }) => sum + cents, 0)),
    echeances: instalments.map(({ cents, dateOuverture, dateDebut, dateFin, ...named }) => ({
      ...named,
      dateOuverture: midnight(dateOuverture),
      dateDebut: midnight(dateDebut),
      dateFin: midnight(dateFin),
      montantTotal: euros(cents),
      dontMontantPedagogie: euros(cents),
      dontMajorationRqth: 0,
      montantRegle: 0,
      montantEnCoursInstruction: 0,
      siretCfa: cfa.siret,
    })),
    engagementsFraisAnnexe: [{ natureFrais: 'Restauration', quantite: 100, prixUnitaire: 3, montantTotal: 300 }],
    detailsFacturation: {
      fraisPremierEquipementRegles: false,
      fraisMobiliteRegles: false,
      plafondFraisPremierEquipement: 500,
      plafondFraisMobilite: 0,
      periodesFraisAnnexes: [{ numeroEcheance: 1, nature: 'RESTAURATION' }],
    },
  };
}
