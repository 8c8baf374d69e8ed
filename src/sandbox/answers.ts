import type { SandboxCfa } from './cfa.js';
import { at, type Part } from './demand.js';
import { identifier, type Dialect } from './dialect.js';
import { etatOf, plainEtat, type SandboxDossier } from './dossier.js';
import { billedOn } from './facture.js';
import { fundingOf, plafonds } from './funding.js';
import type { NormVersion } from './norm-routes.js';
import type { World } from './world.js';

const euros = (cents: number) => cents / 100;

/** States from which on an OPCO has examined the file: it shows a schedule. */
const examined = new Set(['ENGAGE', 'SOLDE', 'RUPTURE']);

/** What an OPCO answers to `GET dossiers?numeroInterne=` at a virtual instant (norm.md 3.10). */
export function dossierAnswer(world: World, cfa: SandboxCfa, dossier: SandboxDossier, version: NormVersion): unknown {
  const now = world.virtual.now();
  return {
    comment: null,
    engagement: null,
    cerfa: cerfaAnswer(dossier, cfa.dialect, { version, now }),
    echeances: null,
    engagementsFraisAnnexe: [],
    detailsFacturation: null,
    ...(examined.has(plainEtat(dossier, now)) && fundingAnswer(world, cfa, dossier)),
  };
}

function cerfaAnswer(
  dossier: SandboxDossier,
  dialect: Dialect,
  { version, now }: { version: NormVersion; now: number },
): Part {
  const { numeroInterne, numeroExterne, numeroDeca, cerfa, forced } = dossier;
  const etat = etatOf(dossier, dialect, now);
  const commentaireEtat =
    forced?.commentaire ?? (etat === 'REFUSE' ? 'Formation non éligible à une prise en charge.' : '');
  const numbers = { numeroInterne: identifier(dialect, numeroInterne), numeroExterne, numeroDeca };
  const answer: Part = { ...cerfa, ...numbers, etat, commentaireEtat };
  const dirty = dialect.sexeDigits ? { ...answer, apprenti: withDigit(answer['apprenti']) } : answer;
  if (!dialect.suffixedV2 || version === 'v1') return dirty;
  const { employeur, ...others } = dirty as { employeur?: unknown };
  return { ...others, employeurV2: employeur };
}

const withDigit = (apprenti: unknown): unknown => ({
  ...(apprenti as Part),
  sexe: at(apprenti as Part, 'sexe') === 'M' ? 1 : 2,
});

function fundingAnswer(world: World, cfa: SandboxCfa, dossier: SandboxDossier): Part {
  const { dialect } = cfa;
  const { instalments, engagementCents } = fundingOf(dossier, world.seed);
  const factures = cfa.facturesOn(dossier.numeroInterne);
  const now = world.virtual.now();
  const billed = (nature: string, numero?: number) =>
    billedOn(
      factures,
      now,
      (ligne) =>
        ligne.dossier === dossier &&
        ligne.nature === nature &&
        (numero ?? ligne.numeroEcheance) === ligne.numeroEcheance,
    );
  return {
    engagement: euros(engagementCents),
    echeances: instalments.map(({ numero, codification, cents, dateOuverture, dateDebut, dateFin }) => {
      const { regle, enCours } = billed('PEDAGOGIE', numero);
      return {
        numero,
        codification,
        dateOuverture: dialect.instant(dateOuverture),
        dateDebut: dialect.instant(dateDebut),
        dateFin: dialect.instant(dateFin),
        montantTotal: euros(cents),
        dontMontantPedagogie: euros(cents),
        dontMajorationRqth: 0,
        montantRegle: euros(regle),
        montantEnCoursInstruction: euros(enCours),
        siretCfa: cfa.siret,
      };
    }),
    engagementsFraisAnnexe: [{ natureFrais: 'Restauration', quantite: 100, prixUnitaire: 3, montantTotal: 300 }],
    detailsFacturation: {
      fraisPremierEquipementRegles: billed('PREMIEREQUIPEMENT').regle > 0,
      fraisMobiliteRegles: billed('MOBILITE').regle > 0,
      plafondFraisPremierEquipement: euros(plafonds.PREMIEREQUIPEMENT),
      plafondFraisMobilite: euros(plafonds.MOBILITE),
      periodesFraisAnnexes: [{ numeroEcheance: 1, nature: 'RESTAURATION' }],
    },
  };
}
