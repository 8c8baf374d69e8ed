import Type, { type Static } from 'typebox';
import type { Finding } from '../errors.js';
import { ibanHolds } from './checksums.js';
import { emptyPdf, Fichiers } from './files.js';
import { doubtfulSirets, when } from './findings.js';
import { day, euros, flag, formatted, integer, optional, reference, siret, strict, text } from './scalars.js';

/** What a line can bill (norm.md 3.11). */
export const naturesLigne = [
  'PEDAGOGIE',
  'PREMIEREQUIPEMENT',
  'MOBILITE',
  'HEBERGEMENT',
  'RESTAURATION',
  'MAJORATION_RQTH',
] as const;

/** Our word for the balance and the norm's code; both are accepted. */
export const codificationsEcheance = { solde: '99' } as const;

/** One line: an amount of one instalment of one dossier. */
export const LigneFacture = Type.Object(
  {
    montant: euros('Montant de la ligne'),
    natureLigne: Type.Enum([...naturesLigne], { type: 'string', description: 'Nature de la ligne' }),
    quantite: optional(integer(0, 99_999, 'Quantité, 1 le plus souvent')),
    numeroEcheance: integer(0, 999, "Numéro de l'échéance, lu dans le dossier"),
    codificationEcheance: optional(
      text(10, "Codification de l'échéance, lue dans le dossier ; `solde` (99 dans la norme) pour le solde"),
    ),
    numeroDeca: optional(text(30, 'Numéro de dépôt DECA')),
    numeroDossier: reference("numeroExterne du dossier : c'est lui que les factures citent", 'EXT-0001'),
  },
  { ...strict, $id: 'LigneFacture', description: 'Ligne de facture' },
);
export type LigneFacture = Static<typeof LigneFacture>;

const fields = {
  numero: optional(
    text(50, 'Numéro de facture du CFA ; avec siretEmetteur il permet de retrouver un envoi sans réponse'),
  ),
  dateEmission: day("Date d'émission"),
  montantTotal: euros('Total, égal à la somme des lignes'),
  ibanEmetteur: formatted(
    '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$',
    'IBAN du CFA, sans espace',
    'FR7630006000011234567890189',
  ),
  siretEmetteur: siret("SIRET du CFA, celui de l'échéance (siretCfa)"),
  estCertificatRealisation: flag(
    'Un certificat de réalisation est joint : faux pour la première échéance, vrai ensuite',
  ),
  lignes: Type.Array(LigneFacture, {
    minItems: 1,
    maxItems: 1000,
    description: 'Lignes, de plusieurs dossiers au besoin',
  }),
};

/** An invoice without its file, as it travels beside it. */
export const FactureFields = Type.Object(fields, { ...strict, $id: 'FactureFields' });
export type FactureFields = Static<typeof FactureFields>;

/**
 * Body of `POST /:opcoId/factures` (norm.md 3.11). `lignes[].numeroDossier` is the dossier's numeroExterne, here as at the
 * OPCO: it is handed on as it is, since a numeroInterne could only be translated by asking the OPCO first.
 */
export const FactureDeposit = Type.Object(
  { ...fields, _files: Fichiers },
  { ...strict, $id: 'FactureDeposit', description: "Dépôt d'une facture et de son fichier PDF" },
);
export type FactureDeposit = Static<typeof FactureDeposit>;

/** What an OPCO gives back for an invoice it has taken. */
export const DepositFactureResult = Type.Object(
  {
    numeroInterneFacture: Type.String({
      minLength: 1,
      maxLength: 100,
      description: "Numéro de la facture chez l'OPCO",
    }),
    numeroInterneDocument: Type.Optional(Type.String({ maxLength: 100, description: 'Numéro du fichier joint' })),
  },
  { $id: 'DepositFactureResult' },
);
export type DepositFactureResult = Static<typeof DepositFactureResult>;

const cents = (amount: number) => Math.round(amount * 100);

/** The lines add up to the total, to the cent, and the IBAN's check digits are right. */
export function judgeFacture({ montantTotal, lignes, ibanEmetteur }: FactureFields): readonly Finding[] {
  const sum = lignes.reduce((total, { montant }) => total + cents(montant), 0);
  return [
    ...when(sum !== cents(montantTotal), '/montantTotal', 'sum', 'Le total diffère de la somme des lignes.'),
    ...when(!ibanHolds(ibanEmetteur), '/ibanEmetteur', 'iban_key', "La clé de l'IBAN est fausse."),
  ];
}

/** What is doubtful in an invoice: habits of the OPCOs that the norm does not make mandatory (norm.md 3.11). */
export function warnFacture(facture: FactureFields): readonly Finding[] {
  const { numero, lignes, estCertificatRealisation, siretEmetteur } = facture;
  const onlyFirst = lignes.every(({ numeroEcheance }) => numeroEcheance === 1);
  return [
    ...doubtfulSirets({ '/siretEmetteur': siretEmetteur }),
    ...when(
      !numero,
      '/numero',
      'numero',
      'Sans numéro, un envoi dont la réponse se perd ne peut être retrouvé : il attendra une vérification.',
    ),
    ...when(
      estCertificatRealisation === onlyFirst,
      '/estCertificatRealisation',
      'certificat',
      'Attendu : faux pour la première échéance, vrai dès la deuxième.',
    ),
    ...lignes.flatMap(({ natureLigne, numeroEcheance }, index) =>
      when(
        natureLigne === 'PREMIEREQUIPEMENT' && numeroEcheance !== 1,
        `/lignes/${index}/numeroEcheance`,
        'premier_equipement',
        'Le premier équipement se facture avec la première échéance.',
      ),
    ),
  ];
}

/** An invoice that holds; `numero` distinguishes one from another. */
export function exampleFacture(numero = 'F-2026-0001', numeroDossier = 'EXT-0001'): FactureDeposit {
  const ligne = { quantite: 1, numeroEcheance: 1, codificationEcheance: '1', numeroDeca: null, numeroDossier };
  return {
    numero,
    dateEmission: '2026-10-05',
    montantTotal: 3780.5,
    ibanEmetteur: 'FR7630006000011234567890189',
    siretEmetteur: '13002526500013',
    estCertificatRealisation: false,
    lignes: [
      { montant: 3280.5, natureLigne: 'PEDAGOGIE', ...ligne },
      { montant: 500, natureLigne: 'PREMIEREQUIPEMENT', ...ligne },
    ],
    _files: { 'facture.pdf': emptyPdf },
  };
}
