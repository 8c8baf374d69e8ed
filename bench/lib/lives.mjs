const { addDays, addMonths } = await import('../../dist/src/core/contract/calendar.js');

/** The first day of virtual time; instants are days since then. */
const origin = '2026-01-01';
/** The civil day of an instant. */
export const dayOf = (at) => addDays(origin, Math.floor(at));
const daysTo = (day) => (Date.parse(day) - Date.parse(origin)) / 86_400_000;

/** What changes in a dossier; `listed` where the list of states shows it. */
export const kinds = [
  { name: 'EN_COURS_INSTRUCTION', listed: true },
  { name: 'ENGAGE', listed: true },
  { name: 'ENGAGE, an instalment billed', listed: false },
  { name: 'ENGAGE, an instalment paid', listed: false },
  { name: 'RUPTURE', listed: true },
  { name: 'SOLDE', listed: true },
];
const [instructed, engaged, billed, paid, broken, settled] = kinds.keys();

/** Park and Miller: the same sequence for the same seed. */
export function seeded(seed) {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/**
 * The life of a dossier after norm.md 3.14, as test/support/simulate-detection.ts draws it: instructed, engaged, instalments billed days
 * after they open and paid one to two weeks later, one in seven broken. Born up to 700 days before virtual time, or within its `days`.
 */
export function drawLife(random, days) {
  const born = -700 + random() * (700 + days);
  const engagedAt = born + 2 + random() * 15;
  const start = dayOf(born + random() * 20);
  const openings = [0, 6, 9, 12, 18, 21, 24].map((months) => addMonths(start, months));
  const end = random() < 0.14 ? engagedAt + random() * 700 : Infinity;
  const money = openings.flatMap((opening, row) => {
    const at = Math.max(engagedAt, daysTo(opening)) + 1 + random() ** 2 * 40;
    return [
      { at, kind: billed, row },
      { at: at + 4 + random() * 11, kind: paid, row },
    ];
  });
  const changes = [
    { at: born + (engagedAt - born) / 3, kind: instructed },
    { at: engagedAt, kind: engaged },
    ...money.sort((one, other) => one.at - other.at).filter(({ at }) => at <= end),
  ];
  const last = Math.min(end, changes.at(-1).at + 1);
  changes.push({ at: last, kind: end < Infinity ? broken : settled });
  return { born, openings, changes };
}

const shown = ['EN_COURS_INSTRUCTION', 'ENGAGE', undefined, undefined, 'RUPTURE', 'SOLDE'];

/** The dossier as its detail shows it at first; `apply` carries it on. */
export const firstSight = () => ({ cerfa: { numeroInterne: 'D', etat: 'TRANSMIS' }, echeances: null });

/** Carries a dossier over its next change, in place. */
export function apply(dossier, { openings }, { kind, row }) {
  if (shown[kind]) dossier.cerfa.etat = shown[kind];
  if (kind === engaged)
    dossier.echeances = openings.map((dateOuverture, at) => ({
      ...{ numero: at + 1, dateOuverture, montantTotal: 1000, montantRegle: 0, montantEnCoursInstruction: 0 },
    }));
  if (row === undefined) return;
  dossier.echeances[row].montantEnCoursInstruction = kind === billed ? 1000 : 0;
  if (kind === paid) dossier.echeances[row].montantRegle = 1000;
}
