import { addDays, addMonths } from './calendar.js';
import type { Cerfa } from './cerfa.js';
import { nirKey } from './nir.js';

/** What may vary in the example: enough for many distinct contracts that all hold. */
export interface ExampleOverrides {
  /** Distinguishes one invented apprentice from another; from 0. */
  readonly rank?: number;
  /** First day of the contract, `YYYY-MM-DD`. */
  readonly debut?: string;
  readonly siretEmployeur?: string;
  readonly siretCfa?: string;
}

const noms = ['Martin', 'Bernard', 'Petit', 'Moreau', 'Laurent', 'Garnier', 'Faure', 'Blanc'];
const prenoms = ['Camille', 'Alix', 'Lou', 'Sacha', 'Charlie', 'Maxime', 'Noa', 'Eden', 'Robin'];

/** The same inputs give the same contract: an invented person, a NIR whose key is right, dates that agree. */
export function exampleCerfa(overrides: ExampleOverrides = {}): Cerfa {
  const rank = overrides.rank ?? 0;
  const debut = overrides.debut ?? '2026-09-01';
  const fin = addDays(addMonths(debut, 24), -1);
  return {
    versionCERFA: '10103*14',
    CERFASignatureProbante: true,
    etat: 'TRANSMIS',
    employeur: exampleEmployeur(overrides.siretEmployeur ?? '11000001500013'),
    apprenti: exampleApprenti(rank, debut),
    maitre1: exampleMaitre(),
    formation: {
      rncp: 'RNCP38363',
      codeDiplome: '32031412',
      typeDiplome: 54,
      intituleQualification: 'Gestion de la PME',
      dateDebutFormation: debut,
      dateFinFormation: addDays(fin, -31),
      dureeFormation: 1350,
      nombreHeuresEnDistanciel: 0,
    },
    contrat: exampleContrat(debut, fin),
    organismeFormation: exampleOrganisme(overrides.siretCfa ?? '13002526500013'),
  };
}

function exampleEmployeur(siret: string): Cerfa['employeur'] {
  return {
    denomination: 'Atelier Exemple',
    siret,
    naf: '6201Z',
    nombreDeSalaries: 12,
    codeIdcc: '1486',
    telephone: '0102030405',
    courriel: 'contact@atelier.example',
    adresse: { adresse1: '1 rue des Essais', codePostal: '75001', commune: 'Paris' },
    typeEmployeur: 16,
    employeurSpecifique: 0,
    caisseComplementaire: 'Caisse Exemple',
    regimeSpecifique: false,
    attestationEligibilite: true,
    attestationPieces: true,
  };
}

function exampleApprenti(rank: number, debut: string): Cerfa['apprenti'] {
  const birth = addDays(addMonths(debut, -19 * 12), -(1 + (rank % 300)));
  // 99 is no birth department of the NIR's first form: the number can belong to nobody.
  const thirteen = `2${birth.slice(2, 4)}${birth.slice(5, 7)}99${String(100 + (rank % 900))}${String(rank % 1000).padStart(3, '0')}`;
  return {
    nom: noms[rank % noms.length] ?? 'Martin',
    prenom: prenoms[rank % prenoms.length] ?? 'Camille',
    sexe: 'F',
    nationalite: 1,
    dateNaissance: birth,
    departementNaissance: '099',
    communeNaissance: 'Exempleville',
    nir: thirteen + nirKey(thirteen),
    regimeSocial: 2,
    handicap: false,
    situationAvantContrat: 1,
    diplome: 41,
    derniereClasse: 1,
    diplomePrepare: 41,
    intituleDiplomePrepare: 'Assistance à la gestion des organisations',
    telephone: '0602030405',
    courriel: `apprenti.${rank}@ecole.example`,
    adresse: { adresse1: '2 avenue des Exemples', adresse2: 'Bâtiment B', codePostal: '75012', commune: 'Paris' },
    inscriptionSportifDeHautNiveau: false,
    projetCreationRepriseEntreprise: false,
  };
}

function exampleMaitre(): Cerfa['maitre1'] {
  return {
    nom: 'Roux',
    prenom: 'Dominique',
    dateNaissance: '1982-04-17',
    courriel: 'maitre@atelier.example',
    emploiOccupe: 'Responsable administratif',
    intituleDiplomeObtenu: 'BTS Gestion de la PME',
    niveauDiplomeObtenu: 5,
  };
}

function exampleContrat(debut: string, fin: string): Cerfa['contrat'] {
  const secondYear = addMonths(debut, 12);
  return {
    modeContractuel: 1,
    typeContratApp: 11,
    dateConclusion: addDays(debut, -12),
    dateDebutContrat: debut,
    dateFormationPratiqueEmployeur: debut,
    dateFinContrat: fin,
    lieuSignatureContrat: 'Paris',
    dureeTravailHebdoHeures: 35,
    dureeTravailHebdoMinutes: 0,
    travailRisque: false,
    salaireEmbauche: 955.14,
    autreAvantageEnNature: false,
    remunerationsAnnuelles: [
      { dateDebut: debut, dateFin: addDays(secondYear, -1), taux: 53, typeSalaire: 'SMIC', ordre: '1.1' },
      { dateDebut: secondYear, dateFin: fin, taux: 61, typeSalaire: 'SMIC', ordre: '2.1' },
    ],
  };
}

function exampleOrganisme(siret: string): Cerfa['organismeFormation'] {
  return {
    denomination: 'CFA Exemple',
    formationInterne: false,
    siret,
    uaiCfa: '0750001A',
    visaCfa: true,
    adresse: { adresse1: '3 place des Écoles', codePostal: '75013', commune: 'Paris' },
    lieuFormationIdentique: true,
  };
}
