import { at, centsOf, demand, type Part } from './demand.js';

/** The costs that a convention announces (norm.md 1.5, 3.12). */
export interface Couts {
  readonly repas: number;
  readonly nuits: number;
  readonly premierEquipementCents: number;
  /** By year of the contract, from the first. */
  readonly rqthCents: readonly number[];
  readonly mobilite: boolean;
}

/** Natures of invoice lines that have one ceiling over the whole dossier (norm.md 3.11). */
export type FraisAnnexe = 'PREMIEREQUIPEMENT' | 'MOBILITE' | 'HEBERGEMENT' | 'RESTAURATION';

/** Cents for one meal, one night, and the first equipment at most (norm.md 3.14). */
export const tarifs = { repas: 300, nuit: 600, premierEquipement: 50_000 } as const;

/** Until a convention says something, only the first equipment can be billed: its ceiling is everywhere the same. */
const untold: Couts = {
  repas: 0,
  nuits: 0,
  premierEquipementCents: tarifs.premierEquipement,
  rqthCents: [],
  mobilite: false,
};

/** Reads the costs of a convention. Absent and null are nothing; what is no amount or no count is refused. */
export function readCouts(convention: Part): Couts {
  const amount = (name: string) => {
    const value = at(convention, `couts.${name}`) ?? 0;
    const cents = centsOf(value);
    demand(cents !== undefined && cents >= 0, ['MONTANT', `couts.${name} : un montant en euros est attendu.`]);
    return cents;
  };
  const count = (name: string) => {
    const value = at(convention, `couts.${name}`) ?? 0;
    demand(typeof value === 'number' && Number.isInteger(value) && value >= 0, [
      'NOMBRE',
      `couts.${name} : un nombre entier est attendu.`,
    ]);
    return value;
  };
  return {
    repas: count('nombreRepasTotaux'),
    nuits: count('nombreHebergementTotaux'),
    premierEquipementCents: Math.min(amount('montantPremierEquipement'), tarifs.premierEquipement),
    rqthCents: [1, 2, 3, 4].map((year) => amount(`montantRQTHAnnee${year}`)),
    mobilite: at(convention, 'couts.mentionMobilitéInternationale') === true,
  };
}

/** Cents at most for each extra of a dossier; the RQTH uplift has its own ceiling on each instalment. */
export function plafondsOf(couts: Couts = untold, mobiliteCents: number): Readonly<Record<FraisAnnexe, number>> {
  return {
    PREMIEREQUIPEMENT: couts.premierEquipementCents,
    MOBILITE: couts.mobilite ? mobiliteCents : 0,
    HEBERGEMENT: couts.nuits * tarifs.nuit,
    RESTAURATION: couts.repas * tarifs.repas,
  };
}

/** The extras that an OPCO commits itself to by quantity (norm.md 3.10). */
export function fraisAnnexes(couts: Couts = untold) {
  const row = (natureFrais: string, quantite: number, cents: number) => ({
    natureFrais,
    quantite,
    prixUnitaire: cents / 100,
    montantTotal: (quantite * cents) / 100,
  });
  return [row('Restauration', couts.repas, tarifs.repas), row('Hebergement', couts.nuits, tarifs.nuit)].filter(
    ({ quantite }) => quantite > 0,
  );
}
