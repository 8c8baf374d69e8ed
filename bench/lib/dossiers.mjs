const { exampleCerfa } = await import('../../dist/src/core/contract/cerfa-example.js');

/** Months after the start in which instalments open: a contract of two years since the decree. */
const openings = [0, 6, 9, 12, 12, 18, 21, 24];
/** Per cent of the year's amount. */
const shares = [40, 30, 20, 10];
const day = (month) => `${2026 + Math.floor((8 + month) / 12)}-${String(((8 + month) % 12) + 1).padStart(2, '0')}-01`;

/**
 * A dossier as an OPCO shows it, 4 kB of JSON. Each number is another invented person; each version after the first has one
 * instalment further on its way: billed, then paid.
 */
export function dossierOf(rank, version = 1) {
  const numeroInterne = `D${String(rank).padStart(7, '0')}`;
  const annual = 6000 + 10 * (rank % 400);
  const echeances = openings.map((month, at) => {
    const steps = version - 1 - 2 * at;
    const [amount, from] = [(annual * shares[at % 4]) / 100, at < 4 ? 0 : 12];
    return {
      ...{ numero: at + 1, codification: String(at + 1), dateOuverture: day(month), dateDebut: day(from) },
      ...{ dateFin: day(from + 12), montantTotal: amount, dontMontantPedagogie: amount, dontMajorationRqth: 0 },
      ...{ montantRegle: steps >= 2 ? amount : 0, montantEnCoursInstruction: steps === 1 ? amount : 0 },
      siretCfa: '13002526500013',
    };
  });
  const cerfa = {
    numeroInterne,
    numeroExterne: `E${rank}`,
    numeroDeca: `075${rank}`,
    ...exampleCerfa({ rank }),
    etat: 'ENGAGE',
  };
  return { comment: null, engagement: 2 * annual, cerfa, echeances };
}

/** The same with forty fields that say something else. */
export function rewritten(dossier) {
  const { employeur, contrat } = dossier.cerfa;
  return {
    ...dossier,
    engagement: dossier.engagement + 70,
    cerfa: {
      ...dossier.cerfa,
      etat: 'RUPTURE',
      employeur: {
        ...employeur,
        denomination: 'Autre Maison',
        telephone: '0605040302',
        courriel: 'autre@maison.example',
      },
      contrat: { ...contrat, dateRupture: '2027-02-01', salaireEmbauche: 1234.5 },
    },
    echeances: dossier.echeances.map((each) => ({
      ...each,
      ...{ montantTotal: each.montantTotal + 10, dontMontantPedagogie: each.dontMontantPedagogie + 10 },
      ...{ montantRegle: 5, montantEnCoursInstruction: 7, siretCfa: '11000001500013' },
    })),
  };
}
