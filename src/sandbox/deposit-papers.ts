import type { Done, Served } from './asked.js';
import type { SandboxDocument } from './cfa.js';
import { readCouts } from './couts.js';
import { at, demand, demandAll, demandSiret, demandZoned, isPart, textAt, type Part } from './demand.js';
import { identifier } from './dialect.js';
import { plainEtat, type SandboxDossier } from './dossier.js';
import { readForm, type FormDemand, type KeptFile } from './form.js';
import { fundingOf } from './funding.js';
import { dossierOf } from './reads.js';

/** Reads the form of a served route. */
export const formOf = ({ asked }: Served, wanted: FormDemand) =>
  readForm(asked.body, String(asked.headers['content-type'] ?? ''), wanted);

/** Keeps a paper and gives its number. */
export function keepDocument(
  { world, cfa }: Served,
  type: SandboxDocument['type'],
  { objets, file }: { readonly objets: readonly string[]; readonly file: KeptFile | undefined },
): string {
  const rank = world.nextRank(`${cfa.dialect.id} documents`);
  const numeroInterneDocument = cfa.dialect.numericIds ? String(rank) : `DOC${rank}`;
  cfa.documents.push({ numeroInterneDocument, type, objets, file });
  return numeroInterneDocument;
}

/** The digest and the size of a file, for the ledger. */
export const traceOf = (file: KeptFile | undefined) => file && { fichier: file.fichier, octets: file.octets };

const conventionFields = [
  'numeroInterneDossier',
  'employeur.siret',
  'apprenti.nom',
  'apprenti.prenom',
  'contrat.dateDebutContrat',
  'contrat.dateFinContrat',
  'organismeFormation.siret',
  'formation.dateDebutFormation',
  'formation.dateFinFormation',
  'formation.dureeFormation',
];

/** The dossier that a paper names, with the two SIRET that must be its own. */
function dossierNamed({ cfa }: Served, paper: Part): SandboxDossier {
  const dossier = dossierOf(cfa, textAt(paper, 'numeroInterneDossier'));
  demandSiret(paper, 'employeur.siret', textAt(dossier.cerfa, 'employeur.siret'));
  demandSiret(paper, 'organismeFormation.siret', cfa.siret);
  return dossier;
}

function demandEtat({ world, cfa }: Served, dossier: SandboxDossier, etats: readonly string[]): void {
  const etat = plainEtat(dossier, world.virtual.now());
  demand(etats.includes(etat), ['ETAT', `Dossier à l'état ${etat} : dépôt refusé.`, cfa.dialect.conflictStatus]);
}

/** `POST v1/conventions` (norm.md 3.12). */
export function depositConvention(served: Served): Done {
  const { json, file } = formOf(served, { part: 'convention', kinds: ['pdf', 'jpg', 'png'] });
  demandAll(json, conventionFields);
  demandZoned(json, [...conventionFields.filter((path) => path.includes('.date')), 'dateSignature']);
  // The norm spells this one with an accent; an OPCO that met the plain spelling would lose the value in silence.
  demand(at(json, 'couts.mentionMobiliteInternationale') === undefined, [
    'CHAMP',
    'couts.mentionMobiliteInternationale : champ inconnu.',
  ]);
  const dossier = dossierNamed(served, json);
  demandEtat(served, dossier, ['TRANSMIS', 'EN_COURS_INSTRUCTION', 'ENGAGE']);
  const couts = readCouts(json);
  const { numeroInterne } = dossier;
  const numeroInterneDocument = keepDocument(served, 'convention', { objets: [numeroInterne], file });
  dossier.couts = couts;
  return {
    body: {
      numeroInterneDossier: identifier(served.cfa.dialect, numeroInterne),
      numeroInterneDocument: identifier(served.cfa.dialect, numeroInterneDocument),
    },
    effect: { type: 'convention', numeroInterne, numeroInterneDocument, ...traceOf(file) },
    key: JSON.stringify([numeroInterne, file?.fichier]),
  };
}

const certificatFields = [
  'numeroInterneDossier',
  'employeur.siret',
  'apprenti.nom',
  'apprenti.prenom',
  'organismeFormation.siret',
  'echeance.numero',
];

/** `POST v2/certificats`: the norm leaves its parts open, `certificat` and an optional `fichier` are ours (norm.md 1.6). */
export function depositCertificat(served: Served): Done {
  const { world, cfa } = served;
  const { json, file } = formOf(served, { part: 'certificat', kinds: ['pdf', 'jpg', 'png'], fileOptional: true });
  demand(['Intermediaire', 'Final'].includes(textAt(json, 'typeCertificat')), [
    'TYPE',
    'typeCertificat : Intermediaire ou Final attendu.',
  ]);
  demandAll(json, certificatFields);
  demandZoned(json, ['dateSignature', 'echeance.dateDebut', 'echeance.dateFin']);
  const dossier = dossierNamed(served, json);
  demandEtat(served, dossier, ['ENGAGE', 'RUPTURE', 'SOLDE']);
  const numero = Number(at(json, 'echeance.numero'));
  demand(
    fundingOf(dossier, world).instalments.some((each) => each.numero === numero),
    ['ECHEANCE', 'echeance.numero : échéance inconnue.'],
  );
  const facture = textAt(json, 'numeroInterneFacture');
  demand(facture === '' || cfa.factures.has(facture), ['FACTURE', 'numeroInterneFacture : facture inconnue.']);
  const { numeroInterne } = dossier;
  const objets = facture === '' ? [numeroInterne] : [numeroInterne, facture];
  const numeroInterneDocument = keepDocument(served, 'certificat', { objets, file });
  return {
    body: { numeroInterneDocument: identifier(cfa.dialect, numeroInterneDocument) },
    effect: { type: 'certificat', numeroInterne, numeroInterneDocument, ...traceOf(file) },
    key: JSON.stringify([numeroInterne, textAt(json, 'typeCertificat'), numero, file?.fichier]),
  };
}

const typesFichier = new Set([
  'CONVENTION_FORMATION',
  'CONVENTION_REDUCTION_DUREE',
  'CONVENTION_MOBILITE',
  'FACTURE',
  'CERTIFICAT_REALISATION',
  'CERFA',
]);

/** `POST v1/documents` (norm.md 1.7). */
export function depositDocument(served: Served): Done {
  const { cfa } = served;
  const { json, file } = formOf(served, {
    part: 'infosFichier',
    kinds: ['pdf', 'jpg', 'png', 'xls', 'xlsx', 'table'],
  });
  demand(typesFichier.has(textAt(json, 'typeFichier')), ['TYPE', 'typeFichier : code de la norme attendu.']);
  const objets: unknown[] = Array.isArray(json['objets']) ? json['objets'] : [];
  demand(objets.length > 0, ['MANQUANT', 'Le champ objets est obligatoire.']);
  const numeros = objets.map((objet) => {
    const [type, id] = isPart(objet) ? [objet['typeObjet'], textAt(objet, 'idObjet')] : [undefined, ''];
    demand(type === 'DOSSIER_APPRENTISSAGE' || type === 'FACTURE', ['OBJET', 'typeObjet : code de la norme attendu.']);
    demand((type === 'FACTURE' ? cfa.factures : cfa.dossiers).has(id), ['OBJET', 'Objet inconnu.']);
    return id;
  });
  const numeroInterneDocument = keepDocument(served, 'document', { objets: numeros, file });
  return {
    body: { numeroInterneDocument: identifier(cfa.dialect, numeroInterneDocument) },
    effect: { type: 'document', numeroInterneDocument, ...traceOf(file) },
    key: JSON.stringify([textAt(json, 'typeFichier'), [...numeros].sort(), file?.fichier]),
  };
}
