import type { Done, Served } from './asked.js';
import { centsOf, demand, demandAll, demandSiret, demandZoned, isPart, textAt, type Part } from './demand.js';
import { formOf, keepDocument, traceOf } from './deposit-papers.js';
import { identifier } from './dialect.js';
import { plainEtat } from './dossier.js';
import {
  billedOn,
  drawPayment,
  naturesLigne,
  type NatureLigne,
  type SandboxFacture,
  type SandboxLigne,
} from './facture.js';
import { plafondsOf } from './couts.js';
import { fundingOf } from './funding.js';
import { isIban } from './iban.js';
import { dayOf } from './paris-days.js';
import type { Instalment } from './schedule.js';
import { paidOutside, settle } from './settlement.js';

/** `POST v1/factures` (norm.md 3.11, 3.14): either the whole invoice is taken or none of it. */
export function depositFacture(served: Served): Done {
  const { world, cfa } = served;
  const { json, file } = formOf(served, { part: 'facture', kinds: ['pdf'] });
  demand(file !== undefined, ['FICHIER', 'fichier : un fichier est attendu.']);
  const { cents, lignes } = readFacture(served, json);
  const rank = world.nextRank(`${cfa.dialect.id} factures`);
  const numeroInterneFacture = cfa.dialect.numeroInterneFacture(rank);
  const facture: SandboxFacture = {
    numeroInterneFacture,
    numeroInterneDocument: keepDocument(served, 'facture', { objets: [numeroInterneFacture], file }),
    reference: textAt(json, 'numero') || `AUTO-${rank}`,
    cents,
    siret: cfa.siret,
    iban: textAt(json, 'ibanEmetteur'),
    lignes,
    file,
    ...drawPayment(world.seed, `${cfa.dialect.id} ${numeroInterneFacture}`, world.virtual.now()),
  };
  cfa.keepFacture(facture);
  settle(world, cfa, facture);
  const { numeroInterneDocument } = facture;
  return {
    body: {
      numeroInterneFacture: identifier(cfa.dialect, numeroInterneFacture),
      numeroInterneDocument: identifier(cfa.dialect, numeroInterneDocument),
    },
    effect: { type: 'facture', numeroInterneFacture, numeroInterneDocument, ...traceOf(file) },
    key: textAt(json, 'numero') || JSON.stringify(json),
  };
}

function readFacture(served: Served, json: Part): { readonly cents: number; readonly lignes: readonly SandboxLigne[] } {
  const { cfa } = served;
  demandAll(json, ['dateEmission', 'montantTotal', 'ibanEmetteur', 'siretEmetteur', 'estCertificatRealisation']);
  demandZoned(json, ['dateEmission']);
  demandSiret(json, 'siretEmetteur', cfa.siret);
  demand(isIban(textAt(json, 'ibanEmetteur')), ['IBAN', 'ibanEmetteur : IBAN invalide.']);
  const numero = textAt(json, 'numero');
  demand(!cfa.references.has(numero), ['DOUBLON', 'Une facture porte déjà ce numéro.', cfa.dialect.conflictStatus]);
  const rows: unknown[] = Array.isArray(json['lignes']) ? json['lignes'] : [];
  demand(rows.length > 0, ['MANQUANT', 'Le champ lignes est obligatoire.']);
  const lignes: SandboxLigne[] = [];
  for (const row of rows) lignes.push(readLigne(served, row, lignes));
  const cents = centsOf(json['montantTotal']);
  const sum = lignes.reduce((total, ligne) => total + ligne.cents, 0);
  demand(cents !== undefined && cents === sum, ['TOTAL', 'montantTotal : différent de la somme des lignes.']);
  const joined = lignes.some(({ numeroEcheance, dossier }) => numeroEcheance > 1 || dossier.newCfa);
  demand(json['estCertificatRealisation'] === joined, [
    'CERTIFICAT',
    // Of a new CFA the first one wants proof of start: the norm has no other mark for a paper that is joined.
    lignes.some(({ dossier }) => dossier.newCfa)
      ? 'estCertificatRealisation : vrai, CFA en activité depuis moins de six mois : le démarrage est à justifier.'
      : 'estCertificatRealisation : vrai dès la deuxième échéance, faux pour la première.',
  ]);
  return { cents, lignes };
}

/** What ran until a termination is still due; a file that is settled is closed (norm.md 3.14). */
const billable = new Set(['ENGAGE', 'RUPTURE']);

function readLigne(served: Served, row: unknown, before: readonly SandboxLigne[]): SandboxLigne {
  const { world, cfa } = served;
  demand(isPart(row), ['LIGNE', 'lignes : un objet est attendu.']);
  demandAll(row, ['montant', 'natureLigne', 'numeroEcheance', 'numeroDossier']);
  const dossier = cfa.byExterne.get(textAt(row, 'numeroDossier'));
  demand(dossier !== undefined, ['DOSSIER', 'numeroDossier : numéro externe inconnu.']);
  const deca = textAt(row, 'numeroDeca');
  demand(deca === '' || deca === dossier.numeroDeca, ['DECA', "numeroDeca : ce n'est pas celui du dossier."]);
  demand(billable.has(plainEtat(dossier, world.virtual.now())), [
    'ETAT',
    "Le dossier n'est pas engagé.",
    cfa.dialect.conflictStatus,
  ]);
  const nature = naturesLigne.find((each) => each === row['natureLigne']);
  demand(nature !== undefined, ['NATURE', 'natureLigne : code inconnu.']);
  const cents = centsOf(row['montant']);
  demand(cents !== undefined && cents > 0, ['MONTANT', 'montant : un montant positif en euros est attendu.']);
  const ligne: SandboxLigne = { dossier, cents, nature, numeroEcheance: Number(row['numeroEcheance']) };
  const echeance = demandBillable(served, ligne, textAt(row, 'codificationEcheance'));
  const left = ceiling(served, ligne, echeance) - alreadyOn(served, ligne, before);
  demand(cents <= left, ['PLAFOND', `montant : ${Math.max(0, left) / 100} € restent facturables.`]);
  demandItsInstalment(served, ligne);
  return ligne;
}

/** The instalment exists, is spelled as the OPCO spells it where a code is given, and is open. */
function demandBillable(
  { world }: Served,
  { dossier, nature, numeroEcheance }: SandboxLigne,
  code: string,
): Instalment {
  const echeance = fundingOf(dossier, world).instalments.find(({ numero }) => numero === numeroEcheance);
  demand(echeance !== undefined, ['ECHEANCE', 'numeroEcheance : échéance inconnue.']);
  demand(code === '' || echeance.codification === code, [
    'CODIFICATION',
    "codificationEcheance : ce n'est pas celle de l'échéance.",
  ]);
  const today = dayOf(new Date(world.virtual.now()).toISOString()) ?? '';
  demand(echeance.dateOuverture <= today, ['OUVERTURE', `Échéance facturable à partir du ${echeance.dateOuverture}.`]);
  demand(nature !== 'PREMIEREQUIPEMENT' || numeroEcheance === 1, [
    'NATURE',
    'Le premier équipement se facture avec la première échéance.',
  ]);
  return echeance;
}

/** First equipment goes with the first instalment, the other extras with later ones, where there are any (norm.md 3.11). */
const laterOnly = new Set<NatureLigne>(['MOBILITE', 'HEBERGEMENT', 'RESTAURATION']);

function demandItsInstalment({ world }: Served, { dossier, nature, numeroEcheance }: SandboxLigne): void {
  const early = numeroEcheance === 1 && fundingOf(dossier, world).instalments.length > 1;
  demand(!early || !laterOnly.has(nature), ['NATURE', 'Ces frais se facturent à partir de la deuxième échéance.']);
}

/** Natures whose ceiling is the instalment's; the others have one over the whole dossier. */
const byInstalment = new Set<NatureLigne>(['PEDAGOGIE', 'MAJORATION_RQTH']);

/** Cents at most for this line's instalment, or for its extra over the whole dossier. */
function ceiling({ cfa }: Served, { dossier, nature }: SandboxLigne, echeance: Instalment): number {
  if (nature === 'PEDAGOGIE') return paidOutside(dossier, echeance) ? 0 : echeance.cents;
  if (nature === 'MAJORATION_RQTH') return paidOutside(dossier, echeance) ? 0 : echeance.rqthCents;
  return plafondsOf(dossier.couts, cfa.dialect.mobiliteCents)[nature];
}

/** Cents that count against the same ceiling: of earlier invoices, and of earlier lines of this one. */
function alreadyOn({ world, cfa }: Served, ligne: SandboxLigne, before: readonly SandboxLigne[]): number {
  const counts = (other: SandboxLigne) =>
    other.dossier === ligne.dossier &&
    other.nature === ligne.nature &&
    (!byInstalment.has(ligne.nature) || other.numeroEcheance === ligne.numeroEcheance);
  const { enCours, regle } = billedOn(cfa.facturesOn(ligne.dossier.numeroInterne), world.virtual.now(), counts);
  return enCours + regle + before.filter(counts).reduce((sum, { cents }) => sum + cents, 0);
}
