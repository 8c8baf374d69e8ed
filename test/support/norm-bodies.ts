import type { NormCall, NormClient, NormFile } from './norm-client.js';

type Part = Readonly<Record<string, unknown>>;

/** The demo CFA of the sandbox. */
export const siretCfa = '13002526500013';
/** The employer of `aCerfa`. */
export const siretEmployeur = '11000001500013';

/** The smallest file of each kind that the norm takes. */
export const pdf: NormFile = { name: 'piece.pdf', content: Buffer.from('%PDF-1.4\n\r\n--x\r\n\0\xff', 'latin1') };

const midnight = (day: string) => `${day}T00:00:00+00:00`;
const adresse = { adresse1: '1 rue des Essais', codePostal: '75001', commune: 'Paris' };

/** A contract in the norm's own words; the last digits of the NIR tell apprentices apart. */
export function aCerfa({ rank = 0, ...parts }: Part & { readonly rank?: number } = {}): Part {
  return {
    versionCERFA: '10103*14',
    CERFASignatureProbante: true,
    etat: 'TRANSMIS',
    employeur: { denomination: 'Atelier', siret: siretEmployeur, naf: '6201Z', typeEmployeur: 16, adresse },
    apprenti: {
      nom: 'Martin',
      prenom: 'Alix',
      sexe: 'F',
      dateNaissance: midnight('2007-05-04'),
      nir: `2070599100${String(100 + rank)}`,
      adresse,
    },
    maitre1: { nom: 'Roux', prenom: 'Dominique', dateNaissance: midnight('1982-04-17') },
    formation: {
      rncp: 'RNCP38363',
      dateDebutFormation: midnight('2026-09-01'),
      dateFinFormation: midnight('2028-07-31'),
      dureeFormation: 1350,
    },
    contrat: {
      typeContratApp: 11,
      dateConclusion: midnight('2026-08-20'),
      dateDebutContrat: midnight('2026-09-01'),
      dateFinContrat: midnight('2028-08-31'),
    },
    organismeFormation: { denomination: 'CFA', siret: siretCfa, uaiCfa: '0750001A', adresse },
    ...parts,
  };
}

/** The four bodies that name a dossier by its numeroInterne, each with its route. */
export const conventionOf = (numeroInterne: string | number, more: Part = {}): Part => ({
  numeroInterneDossier: String(numeroInterne),
  employeur: { siret: siretEmployeur },
  apprenti: { nom: 'Martin', prenom: 'Alix', nomUsage: null },
  contrat: { dateDebutContrat: midnight('2026-09-01'), dateFinContrat: midnight('2028-08-31') },
  organismeFormation: { siret: siretCfa, uaiCfa: '0750001A' },
  formation: {
    dateDebutFormation: midnight('2026-09-01'),
    dateFinFormation: midnight('2028-07-31'),
    dureeFormation: 1350,
  },
  couts: { coutTotalPedagogieCFA: 8500, mentionMobilitéInternationale: false },
  ...more,
});

/** A certificate for one instalment. */
export const certificatOf = (numeroInterne: string | number, more: Part = {}): Part => ({
  typeCertificat: 'Intermediaire',
  numeroInterneDossier: String(numeroInterne),
  employeur: { siret: siretEmployeur },
  apprenti: { nom: 'Martin', prenom: 'Alix' },
  organismeFormation: { siret: siretCfa },
  echeance: { numero: 1 },
  ...more,
});

/** What describes a document of one dossier. */
export const infosOf = (numeroInterne: string | number, more: Part = {}): Part => ({
  typeFichier: 'CONVENTION_FORMATION',
  objets: [{ typeObjet: 'DOSSIER_APPRENTISSAGE', idObjet: String(numeroInterne) }],
  ...more,
});

/** What an OPCO shows of an engaged dossier, as far as an invoice needs it. */
export interface Engaged {
  readonly cerfa: {
    readonly numeroInterne: string | number;
    readonly numeroExterne: string;
    readonly numeroDeca: string;
  };
  readonly echeances: readonly {
    readonly numero: number;
    readonly codification: string;
    readonly montantTotal: number;
    readonly montantRegle: number;
    readonly montantEnCoursInstruction: number;
    readonly siretCfa: string;
  }[];
}

/** One line on an instalment of a dossier; `rank` counts its instalments from 0. */
export function ligneOf({ cerfa, echeances }: Engaged, rank = 0, more: Part = {}): Part {
  const echeance = echeances[rank];
  return {
    montant: echeance?.montantTotal,
    natureLigne: 'PEDAGOGIE',
    quantite: 1,
    numeroEcheance: echeance?.numero,
    codificationEcheance: echeance?.codification,
    numeroDeca: cerfa.numeroDeca,
    numeroDossier: cerfa.numeroExterne,
    ...more,
  };
}

/** An invoice of these lines. */
export function factureOf(lignes: readonly Part[], more: Part = {}): Part {
  return {
    numero: 'F-2026-001',
    dateEmission: midnight('2026-11-01'),
    montantTotal: lignes.reduce((sum, { montant }) => sum + Number(montant), 0),
    ibanEmetteur: 'FR1420041010050500013M02606',
    siretEmetteur: siretCfa,
    estCertificatRealisation: false,
    lignes,
    ...more,
  };
}

/** The invoice route as this OPCO spells it. */
export const facturesRoute = ({ opcoId }: NormClient): string =>
  ['akto', 'atlas', 'opco-mobilites'].includes(opcoId) ? 'POST v1/Factures' : 'POST v1/factures';

/** A multipart call. */
export const formCall = (route: string, part: string, json: unknown, file: NormFile | undefined = pdf): NormCall => ({
  route,
  form: { parts: { [part]: json }, ...(file && { file }) },
});
