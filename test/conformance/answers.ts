import type { EndpointName } from '../../src/core/endpoint.js';

const cerfa = {
  numeroInterne: 1000123,
  numeroExterne: 'EXT-1',
  numeroDeca: null,
  etat: 'RUTPURE',
  commentaireEtat: '',
  employeur: { siret: 'old' },
  employeurV2: { siret: '11000001500013' },
  apprenti: { nom: 'Martin', sexe: 2, dateNaissance: '2007-06-30T22:00:00Z' },
  contrat: { dateDebutContrat: '2026-09-01T00:00:00+02:00', noAvenant: null },
};
const dossier = {
  comment: null,
  engagement: 8200.5,
  cerfa,
  echeances: [{ numero: 1, codification: 1, dateOuverture: '2026-09-01T00:00:00+00:00', dateDebut: null }],
  engagementsFraisAnnexe: [{ natureFrais: 'Restauration', quantite: 100, prixUnitaire: 3, montantTotal: 300 }],
  detailsFacturation: { fraisPremierEquipementRegles: false, periodesFraisAnnexes: [] },
};
const etat = { numeroInterne: 7, numeroExterne: 'X7', numeroDeca: null, etat: 'RUPTU' };
const facture = {
  numeroInterneFacture: 12,
  referenceFactureCFA: 'F-1',
  montantFacture: 3780.5,
  etatFacture: 'REGLE',
  referenceVirement: null,
  dateReglement: '2026-11-30T23:00:00Z',
  organismeFormation: { siret: '13002526500013', IBAN: 'FR7630006000011234567890189' },
  dossiers: [{ numeroInterneDossier: 7, numeroExterneDossier: 'X7', montant: 3780.5 }],
};

const page = (rows: object) => ({ total: 250, count: 1, page: 1, ...rows });
const etats = page({ EtatDossierResult: [etat] });
const factures = page({ factures: [facture] });

/** Answers of the norm with the dirt that is known of it (norm.md 3.6, 3.7, 3.10); every one must satisfy the contract. */
export const answers: Readonly<Record<EndpointName, readonly unknown[]>> = {
  status: [{ status: 'UP', supportedVersions: ['1.0'], uptime: 5 }, { status: 'Healthy' }],
  cfakeyinfo: [
    { status: 'SUCCESS', dateFinValidite: '2026-12-31T00:00:00+00:00', comment: null },
    { status: 'error', comment: 'Clé inconnue' },
  ],
  dossier: [dossier, { cerfa: { numeroInterne: 'N', etat: 'TRANSMIS' }, echeances: null }],
  etats: [[etat], [], etats, [etats], page({ EtatDossierResult: [] })],
  liste: [[dossier], [], dossier, { dossiers: [dossier] }],
  facturesEtats: [factures, [factures], page({ factures: [] })],
  depositDossier: [{ numeroInterne: 12, numeroExterne: 'X', numeroDeca: null }, { numeroInterne: 'N' }],
  depositConvention: [{ numeroInterneDocument: 3 }, {}],
  depositFacture: [{ numeroInterneFacture: 12, numeroInterneDocument: 13 }, { numeroInterneFacture: 'F' }],
  depositCertificat: [{ numeroInterneDocument: 3 }, {}],
  depositDocument: [{ numeroInterneDocument: 3 }, {}],
  depositRupture: [{ numeroInterne: 12, etat: 'RUPTU' }, {}],
};

/** Endpoints of which an empty object is an answer: the norm demands no number of them. */
export const numberless: ReadonlySet<EndpointName> = new Set([
  'depositConvention',
  'depositCertificat',
  'depositDocument',
  'depositRupture',
]);
