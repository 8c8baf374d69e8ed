import fc from 'fast-check';
import { exampleCerfa } from './cerfa-example.js';
import { warnCerfa } from './cerfa-warnings.js';
import type { Cerfa } from './cerfa.js';

const example = exampleCerfa();
const changed = <P extends 'apprenti' | 'contrat' | 'formation' | 'employeur'>(part: P, change: Partial<Cerfa[P]>) => ({
  ...example,
  [part]: { ...example[part], ...change },
});
const period = example.contrat.remunerationsAnnuelles[0];

it('doubts nothing in the example, whoever it is about', () => {
  fc.assert(
    fc.property(fc.nat(20_000), fc.integer({ min: 2021, max: 2040 }), (rank, year) => {
      expect(warnCerfa(exampleCerfa({ rank, debut: `${year}-09-01` }))).toEqual([]);
    }),
  );
});

it.each<[string, Cerfa, string[]]>([
  ['a SIRET whose key is wrong', changed('employeur', { siret: '11000001500014' }), ['/cerfa/employeur/siret']],
  [
    'a training that begins four months late',
    changed('formation', { dateDebutFormation: '2027-01-01' }),
    ['/cerfa/contrat/dateDebutContrat'],
  ],
  [
    'a contract that outlives the training by five months',
    changed('formation', { dateFinFormation: '2028-03-31' }),
    ['/cerfa/contrat/dateFinContrat'],
  ],
  [
    'less than a quarter of training',
    changed('formation', { dureeFormation: 803 }),
    ['/cerfa/formation/dureeFormation'],
  ],
  [
    'a minor without a guardian',
    changed('apprenti', { dateNaissance: '2009-01-01' }),
    ['/cerfa/apprenti/responsableLegal'],
  ],
  [
    'a succession without the number of the contract before',
    changed('contrat', { typeContratApp: 22 }),
    ['/cerfa/contrat/numeroContratPrecedent'],
  ],
  [
    'a number that has not the shape of one',
    changed('contrat', { numeroContratPrecedent: 'ABC' }),
    ['/cerfa/contrat/numeroContratPrecedent'],
  ],
  [
    'pay below the least rate of the age',
    changed('contrat', { remunerationsAnnuelles: period ? [{ ...period, taux: 42 }] : [] }),
    ['/cerfa/contrat/remunerationsAnnuelles/0/taux'],
  ],
  [
    'pay below the least rate of the second year',
    changed('contrat', { remunerationsAnnuelles: period ? [period, { ...period, ordre: '2.1', taux: 50 }] : [] }),
    ['/cerfa/contrat/remunerationsAnnuelles/1/taux'],
  ],
  [
    'rights that go with no handicap',
    changed('apprenti', { handicap: true, droitsRqthExtensionBOE: true }),
    ['/cerfa/apprenti/handicap'],
  ],
])('doubts %s', (_name, cerfa, expected) => {
  expect(warnCerfa(cerfa).map(({ pointer }) => pointer)).toEqual(expected);
});

it('knows the numbers of Corsica', () => {
  expect(warnCerfa(changed('contrat', { numeroContratPrecedent: '02B202212000000' }))).toEqual([]);
});
