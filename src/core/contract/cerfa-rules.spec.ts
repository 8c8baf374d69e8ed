import fc from 'fast-check';
import { exampleCerfa } from './cerfa-example.js';
import { judgeCerfa } from './cerfa-rules.js';
import type { Cerfa, Contrat, Formation } from './cerfa.js';
import { compileContract } from './check.js';
import { DossierDeposit } from './dossier.js';
import { nirHolds, nirKey } from './nir.js';
import type { Apprenti } from './parties.js';

const pointers = (cerfa: Cerfa) => judgeCerfa(cerfa).map(({ pointer }) => pointer.replace('/cerfa', ''));
const example = exampleCerfa();
const withContrat = (contrat: Partial<Contrat>): Cerfa => ({ ...example, contrat: { ...example.contrat, ...contrat } });
const withFormation = (formation: Partial<Formation>): Cerfa => ({
  ...example,
  formation: { ...example.formation, ...formation },
});
const withApprenti = (apprenti: Partial<Apprenti>): Cerfa => ({
  ...example,
  apprenti: { ...example.apprenti, ...apprenti },
});

it('finds nothing in the example, whoever it is about and whenever it begins', () => {
  const days = fc
    .date({ min: new Date('2021-01-01'), max: new Date('2040-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));
  fc.assert(
    fc.property(fc.nat(20_000), days, (rank, debut) => {
      const cerfa = exampleCerfa({ rank, debut });
      expect(compileContract(DossierDeposit).check({ cerfa })).toEqual([]);
      expect(judgeCerfa(cerfa)).toEqual([]);
    }),
  );
});

it.each<[string, Cerfa, string[]]>([
  ['a conclusion after the start', withContrat({ dateConclusion: '2026-09-02' }), ['/contrat/dateConclusion']],
  ['a conclusion before 2020', withContrat({ dateConclusion: '2019-12-31' }), ['/contrat/dateConclusion']],
  ['a training of five months', withFormation({ dateFinFormation: '2027-01-31' }), ['/formation/dateFinFormation']],
  [
    'a training that ends before it starts',
    withFormation({ dateFinFormation: '2026-01-31' }),
    ['/formation/dateFinFormation'],
  ],
  [
    'more remote hours than hours',
    withFormation({ nombreHeuresEnDistanciel: 1351 }),
    ['/formation/nombreHeuresEnDistanciel'],
  ],
  [
    'forty hours and a minute a week',
    withContrat({ dureeTravailHebdoHeures: 40, dureeTravailHebdoMinutes: 1 }),
    ['/contrat/dureeTravailHebdoHeures'],
  ],
  ['an apprentice of thirty', withApprenti({ dateNaissance: '1996-09-01' }), ['/contrat/typeDerogation']],
  ['an apprentice of fifteen', withApprenti({ dateNaissance: '2010-09-02' }), ['/contrat/typeDerogation']],
  [
    'a tutor who is a minor',
    { ...example, maitre1: { ...example.maitre1, dateNaissance: '2009-01-01' } },
    ['/maitre1/dateNaissance'],
  ],
  [
    'an amendment without its references',
    withContrat({ typeContratApp: 36 }),
    ['/contrat/numeroContratPrecedent', '/contrat/dateEffetAvenant'],
  ],
  [
    'a hole between pay periods',
    withContrat({ remunerationsAnnuelles: example.contrat.remunerationsAnnuelles.slice(1) }),
    ['/contrat/remunerationsAnnuelles/0/dateDebut'],
  ],
  [
    'pay that stops early',
    withContrat({ remunerationsAnnuelles: example.contrat.remunerationsAnnuelles.slice(0, 1) }),
    ['/contrat/remunerationsAnnuelles/0/dateFin'],
  ],
  [
    'two pay periods under one number',
    withContrat({
      remunerationsAnnuelles: example.contrat.remunerationsAnnuelles.map((each) => ({ ...each, ordre: '1.1' })),
    }),
    ['/contrat/remunerationsAnnuelles/1/ordre'],
  ],
  ['a false NIR key', withApprenti({ nir: '299127512345600' }), ['/apprenti/nir']],
  [
    'a training elsewhere without the place',
    { ...example, organismeFormation: { ...example.organismeFormation, lieuFormationIdentique: false } },
    ['/organismeFormationLieuFormationPrincipal'],
  ],
])('finds %s', (_name, cerfa, expected) => {
  expect(pointers(cerfa)).toEqual(expected);
});

it('accepts thirty with the derogation, and an amendment with its references', () => {
  expect(
    pointers({ ...withApprenti({ dateNaissance: '1996-09-01' }), contrat: { ...example.contrat, typeDerogation: 12 } }),
  ).toEqual([]);
  expect(
    pointers(
      withContrat({ typeContratApp: 36, numeroContratPrecedent: '075202609NC0001', dateEffetAvenant: '2027-01-01' }),
    ),
  ).toEqual([]);
});

it('a contract of six months exactly holds, one day less does not', () => {
  const period = { dateDebut: '2026-09-01', taux: 53, typeSalaire: 'SMIC' as const, ordre: '1.1' };
  const ending = (fin: string) =>
    withContrat({ dateFinContrat: fin, remunerationsAnnuelles: [{ ...period, dateFin: fin }] });
  expect(pointers(ending('2027-02-28'))).toEqual([]);
  expect(pointers(ending('2027-02-27'))).toEqual(['/contrat/dateFinContrat']);
});

it('computes the NIR key, Corsica included', () => {
  expect(nirKey('2550814168025')).toBe('38');
  expect(nirKey('2840 8 2B123456'.replaceAll(' ', '').slice(0, 13))).toHaveLength(2);
  expect(nirHolds('2550814168025')).toBe(true);
  expect(nirHolds('255081416802538')).toBe(true);
  expect(nirHolds('255081416802539')).toBe(false);
});
