import Type, { type Static } from 'typebox';
import type { Finding } from '../errors.js';
import { emptyPdf, Fichiers } from './files.js';
import { doubtfulSirets, orderedDates } from './findings.js';
import { day, euros, flag, formatted, hours, integer, optional, reference, siret, strict, text } from './scalars.js';

const rqth = (annee: number) => optional(euros(`Majoration RQTH, année ${annee}`));

/** What the training costs, and the extras (norm.md 1.5, 3.12). */
export const CoutsConvention = Type.Object(
  {
    coutTotalPedagogieCFA: optional(euros('Coût pédagogique total du CFA')),
    montantRQTHAnnee1: rqth(1),
    montantRQTHAnnee2: rqth(2),
    montantRQTHAnnee3: rqth(3),
    montantRQTHAnnee4: rqth(4),
    nombreRepasTotaux: optional(integer(0, 99_999, 'Nombre total de repas')),
    nombreHebergementTotaux: optional(integer(0, 99_999, 'Nombre total de nuitées')),
    montantPremierEquipement: optional(euros('Premier équipement')),
    mentionMobiliteInternationale: optional(flag('La convention prévoit une mobilité internationale')),
    accompagnementDROM: optional(flag('Accompagnement outre-mer')),
  },
  { ...strict, $id: 'CoutsConvention', description: 'Coûts et frais annexes' },
);
export type CoutsConvention = Static<typeof CoutsConvention>;

const part = <const P extends Parameters<typeof Type.Object>[0]>(properties: P) => Type.Object(properties, strict);

/** The fields of a convention but the dossier's number and the file: a composite deposit knows neither in advance. */
export const conventionFields = {
  employeur: part({ siret: siret("SIRET de l'employeur") }),
  apprenti: part({
    nom: text(80, 'Nom de naissance'),
    prenom: text(80, 'Premier prénom'),
    nomUsage: optional(text(80, "Nom d'usage")),
  }),
  contrat: part({ dateDebutContrat: day('Début du contrat'), dateFinContrat: day('Fin du contrat') }),
  organismeFormation: part({
    siret: siret('SIRET du CFA'),
    uaiCfa: optional(formatted('^[0-9]{7}[A-Za-z]$', 'Numéro UAI', '0750001A')),
  }),
  formation: part({
    dateDebutFormation: day('Début de la formation'),
    dateFinFormation: day('Fin de la formation'),
    dureeFormation: hours('Durée de la formation'),
    rncp: optional(formatted('^RNCP[0-9]{1,5}$', 'Code RNCP', 'RNCP12345')),
    intituleQualification: optional(text(255, 'Intitulé de la certification')),
  }),
  couts: Type.Optional(CoutsConvention),
  mandatEmployeur: optional(flag("Le CFA agit sur mandat de l'employeur")),
  dateSignature: optional(day('Date de signature')),
  attestationConventionSigneeEntreprise: optional(flag("Le CFA atteste la signature de l'entreprise")),
  attestationConventionSigneeCFA: optional(flag('Le CFA atteste sa signature')),
  attestationConventionSignatureProbante: optional(flag('Le CFA atteste une signature probante')),
  attestationConventionConformeJSON: optional(flag('Le CFA atteste que le fichier est conforme aux champs envoyés')),
};

const fields = { numeroInterneDossier: reference("numeroInterne du dossier chez l'OPCO"), ...conventionFields };

/** A convention without its file, as it travels beside it. */
export const ConventionFields = Type.Object(fields, { ...strict, $id: 'ConventionFields' });
export type ConventionFields = Static<typeof ConventionFields>;

/**
 * Body of `POST /:opcoId/conventions` (norm.md 1.5, 3.12). Our `couts.mentionMobiliteInternationale` is
 * `mentionMobilitéInternationale` at the OPCO. The signed file is demanded: the norm's call carries it as its second part.
 */
export const ConventionDeposit = Type.Object(
  { ...fields, _files: Fichiers },
  { ...strict, $id: 'ConventionDeposit', description: "Dépôt d'une convention de formation signée" },
);
export type ConventionDeposit = Static<typeof ConventionDeposit>;

/** What an OPCO gives back for a convention; the norm demands no number. */
export const DepositConventionResult = Type.Object(
  {
    numeroInterneConvention: Type.Optional(Type.String({ maxLength: 100 })),
    numeroInterneDocument: Type.Optional(Type.String({ maxLength: 100 })),
  },
  { $id: 'DepositConventionResult' },
);
export type DepositConventionResult = Static<typeof DepositConventionResult>;

/** The dates of a convention are in order. */
export function judgeConvention({
  contrat,
  formation,
}: Pick<ConventionFields, 'contrat' | 'formation'>): readonly Finding[] {
  return [
    ...orderedDates(contrat.dateDebutContrat, contrat.dateFinContrat, '/contrat/dateFinContrat'),
    ...orderedDates(formation.dateDebutFormation, formation.dateFinFormation, '/formation/dateFinFormation'),
  ];
}

/** What is doubtful in a convention. */
export function warnConvention({
  employeur,
  organismeFormation,
}: Pick<ConventionFields, 'employeur' | 'organismeFormation'>): readonly Finding[] {
  return doubtfulSirets({
    '/employeur/siret': employeur.siret,
    '/organismeFormation/siret': organismeFormation.siret,
  });
}

/** A convention that holds, for the dossier of that number. */
export function exampleConvention(numeroInterneDossier = 'INT-0001'): ConventionDeposit {
  return {
    numeroInterneDossier,
    employeur: { siret: '11000001500013' },
    apprenti: { nom: 'Martin', prenom: 'Camille', nomUsage: null },
    contrat: { dateDebutContrat: '2026-09-01', dateFinContrat: '2028-08-31' },
    organismeFormation: { siret: '13002526500013', uaiCfa: '0750001A' },
    formation: {
      dateDebutFormation: '2026-09-01',
      dateFinFormation: '2028-07-31',
      dureeFormation: 1350,
      rncp: 'RNCP38363',
      intituleQualification: 'Gestion de la PME',
    },
    couts: {
      coutTotalPedagogieCFA: 8500,
      montantRQTHAnnee1: null,
      montantRQTHAnnee2: null,
      montantRQTHAnnee3: null,
      montantRQTHAnnee4: null,
      nombreRepasTotaux: 120,
      nombreHebergementTotaux: 40,
      montantPremierEquipement: 500,
      mentionMobiliteInternationale: false,
      accompagnementDROM: false,
    },
    mandatEmployeur: true,
    dateSignature: '2026-08-20',
    attestationConventionSigneeEntreprise: true,
    attestationConventionSigneeCFA: true,
    attestationConventionSignatureProbante: true,
    attestationConventionConformeJSON: true,
    _files: { 'convention.pdf': emptyPdf },
  };
}
