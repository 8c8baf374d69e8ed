import Type, { type Static } from 'typebox';
import type { Finding } from '../errors.js';
import { emptyPdf, Fichiers } from './files.js';
import { doubtfulSirets, orderedDates } from './findings.js';
import { day, flag, hours, integer, optional, reference, siret, strict, text } from './scalars.js';

/** The instalment whose training a certificate proves. */
export const EcheanceCertifiee = Type.Object(
  {
    numero: integer(0, 999, "Numéro de l'échéance"),
    codification: optional(text(10, "Codification de l'échéance, par exemple A3")),
    duree: optional(hours('Durée réalisée')),
    dateDebut: optional(day('Début de la période')),
    dateFin: optional(day('Fin de la période')),
    echeancePartielle: optional(flag('Échéance partielle')),
  },
  { ...strict, $id: 'EcheanceCertifiee', description: 'Échéance certifiée' },
);
export type EcheanceCertifiee = Static<typeof EcheanceCertifiee>;

const fields = {
  typeCertificat: Type.Enum(['Intermediaire', 'Final'], { type: 'string', description: 'Type de certificat' }),
  numeroInterneDossier: reference("numeroInterne du dossier chez l'OPCO"),
  numeroInterneFacture: Type.Optional(
    Type.Union([reference('numeroInterneFacture de la facture liée'), Type.Integer({ minimum: 0 }), Type.Null()]),
  ),
  dateSignature: optional(day('Date de signature')),
  lieuSignatureContrat: optional(text(80, 'Lieu de signature')),
  representantLegal: optional(
    Type.Object(
      { nom: text(80, 'Nom'), prenom: text(80, 'Prénom'), qualite: optional(text(80, 'Qualité')) },
      { ...strict, description: 'Signataire du certificat' },
    ),
  ),
  attestationConservationPieces: optional(flag('Le CFA atteste conserver les pièces justificatives')),
  natureAction: optional(text(100, "Nature de l'action, par exemple : Formation par apprentissage")),
  employeur: Type.Object({ siret: siret("SIRET de l'employeur") }, strict),
  apprenti: Type.Object(
    {
      nom: text(80, 'Nom de naissance'),
      prenom: text(80, 'Premier prénom'),
      nomUsage: optional(text(80, "Nom d'usage")),
    },
    strict,
  ),
  organismeFormation: Type.Object({ siret: siret('SIRET du CFA') }, strict),
  echeance: EcheanceCertifiee,
};

/** A certificate without its file, as it travels beside it. */
export const CertificatFields = Type.Object(fields, { ...strict, $id: 'CertificatFields' });
export type CertificatFields = Static<typeof CertificatFields>;

/** Body of `POST /:opcoId/certificats` (norm.md 1.6). The signed file is demanded: it is what the OPCO examines. */
export const CertificatDeposit = Type.Object(
  { ...fields, _files: Fichiers },
  { ...strict, $id: 'CertificatDeposit', description: "Dépôt d'un certificat de réalisation signé" },
);
export type CertificatDeposit = Static<typeof CertificatDeposit>;

/** What became of a certificate; `via` says by which route of the norm it went. */
export const DepositCertificatResult = Type.Object(
  {
    via: Type.Enum(['certificats', 'documents'], {
      type: 'string',
      description:
        "Route de la norme : `documents` quand l'OPCO n'a pas celle des certificats ; seul le fichier est alors transmis, lié au dossier",
    }),
    numeroInterneCertificat: Type.Optional(Type.String({ maxLength: 100 })),
    numeroInterneDocument: Type.Optional(Type.String({ maxLength: 100 })),
  },
  { $id: 'DepositCertificatResult' },
);
export type DepositCertificatResult = Static<typeof DepositCertificatResult>;

/** The dates of the certified period are in order. */
export function judgeCertificat({ echeance }: CertificatFields): readonly Finding[] {
  return orderedDates(echeance.dateDebut, echeance.dateFin, '/echeance/dateFin');
}

/** What is doubtful in a certificate. */
export function warnCertificat({ employeur, organismeFormation }: CertificatFields): readonly Finding[] {
  return doubtfulSirets({
    '/employeur/siret': employeur.siret,
    '/organismeFormation/siret': organismeFormation.siret,
  });
}

/** A certificate that holds, for the dossier of that number. */
export function exampleCertificat(numeroInterneDossier = 'INT-0001'): CertificatDeposit {
  return {
    typeCertificat: 'Intermediaire',
    numeroInterneDossier,
    numeroInterneFacture: null,
    dateSignature: '2027-03-02',
    lieuSignatureContrat: 'Paris',
    representantLegal: { nom: 'Girard', prenom: 'Claude', qualite: 'Direction' },
    attestationConservationPieces: true,
    natureAction: 'Formation par apprentissage',
    employeur: { siret: '11000001500013' },
    apprenti: { nom: 'Martin', prenom: 'Camille', nomUsage: null },
    organismeFormation: { siret: '13002526500013' },
    echeance: {
      numero: 2,
      codification: 'A1',
      duree: 340,
      dateDebut: '2026-09-01',
      dateFin: '2027-02-28',
      echeancePartielle: false,
    },
    _files: { 'certificat.pdf': emptyPdf },
  };
}
