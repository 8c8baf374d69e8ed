import type { SandboxCfa } from './cfa.js';
import { fraisAnnexes, plafondsOf } from './couts.js';
import { at, isPart, type Part } from './demand.js';
import { identifier, type Dialect } from './dialect.js';
import { soiled } from './dirt.js';
import { commentaireOf, dateRupture, etatOf, plainEtat, type SandboxDossier } from './dossier.js';
import { billedOn } from './facture.js';
import { fundingOf } from './funding.js';
import type { NormVersion } from './norm-routes.js';
import type { Instalment } from './schedule.js';
import { paidOutside } from './settlement.js';
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
  const { numeroInterne, numeroExterne, numeroDeca, dirt } = dossier;
  const numbers = { numeroInterne: identifier(dialect, numeroInterne), numeroExterne, numeroDeca };
  const state = { etat: etatOf(dossier, dialect, now), commentaireEtat: commentaireOf(dossier, now) };
  const answer = { ...soiled(withRupture(dossier, dialect, now), dirt), ...numbers, ...state } as Part;
  const spelled = dialect.sexeDigits ? { ...answer, apprenti: withDigit(answer['apprenti']) } : answer;
  if (!dialect.suffixedV2 || version === 'v1') return spelled;
  const { employeur, ...others } = spelled as { employeur?: unknown };
  return { ...others, employeurV2: employeur };
}

function withRupture(dossier: SandboxDossier, dialect: Dialect, now: number): Part {
  const { cerfa } = dossier;
  const day = dateRupture(dossier, now);
  const contrat = cerfa['contrat'];
  return day && isPart(contrat) ? { ...cerfa, contrat: { ...contrat, dateRupture: dialect.instant(day) } } : cerfa;
}

const withDigit = (apprenti: unknown): unknown => ({
  ...(apprenti as Part),
  sexe: at(apprenti as Part, 'sexe') === 'M' ? 1 : 2,
});

function fundingAnswer(world: World, cfa: SandboxCfa, dossier: SandboxDossier): Part {
  const { instalments, engagementCents } = fundingOf(dossier, world);
  const now = world.virtual.now();
  const regles = (nature: string) =>
    billedOn(
      cfa.facturesOn(dossier.numeroInterne),
      now,
      (ligne) => ligne.dossier === dossier && ligne.nature === nature,
    ).regle > 0;
  const frais = fraisAnnexes(dossier.couts);
  const plafonds = plafondsOf(dossier.couts, cfa.dialect.mobiliteCents);
  return {
    engagement: euros(engagementCents),
    echeances: instalments.map((each) => echeanceAnswer(cfa, dossier, { each, now })),
    engagementsFraisAnnexe: frais,
    detailsFacturation: {
      fraisPremierEquipementRegles: regles('PREMIEREQUIPEMENT'),
      fraisMobiliteRegles: regles('MOBILITE'),
      plafondFraisPremierEquipement: euros(plafonds.PREMIEREQUIPEMENT),
      plafondFraisMobilite: euros(plafonds.MOBILITE),
      periodesFraisAnnexes: instalments
        .slice(instalments.length > 1 ? 1 : 0)
        .flatMap(({ numero }) =>
          frais.map(({ natureFrais }) => ({ numeroEcheance: numero, nature: natureFrais.toUpperCase() })),
        ),
    },
  };
}

function echeanceAnswer(
  cfa: SandboxCfa,
  dossier: SandboxDossier,
  { each, now }: { readonly each: Instalment; readonly now: number },
): Part {
  const { numero, codification, cents, rqthCents, dateOuverture, dateDebut, dateFin } = each;
  const { regle, enCours } = billedOn(
    cfa.facturesOn(dossier.numeroInterne),
    now,
    (ligne) =>
      ligne.dossier === dossier &&
      ligne.numeroEcheance === numero &&
      (ligne.nature === 'PEDAGOGIE' || ligne.nature === 'MAJORATION_RQTH'),
  );
  const { instant } = cfa.dialect;
  return {
    numero,
    codification,
    dateOuverture: instant(dateOuverture),
    dateDebut: dossier.dirt === 'nuls' ? null : instant(dateDebut),
    dateFin: dossier.dirt === 'nuls' ? null : instant(dateFin),
    montantTotal: euros(cents + rqthCents),
    dontMontantPedagogie: euros(cents),
    dontMajorationRqth: euros(rqthCents),
    montantRegle: euros(regle + (paidOutside(dossier, each) ? cents + rqthCents : 0)),
    montantEnCoursInstruction: euros(enCours),
    siretCfa: cfa.siret,
  };
}
