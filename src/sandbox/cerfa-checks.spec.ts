import { exampleCerfa } from '../core/contract/cerfa-example.js';
import { aCerfa } from '../../test/support/norm-bodies.js';
import { demandCodes } from './cerfa-codes.js';
import { demandRules } from './cerfa-rules.js';
import { isPart, Refused, type Part } from './demand.js';
import { inTheNorm } from './seed.js';

const midnight = (day: string) => `${day}T00:00:00+00:00`;
const whole = inTheNorm(exampleCerfa());

/** A contract with some values replaced, by their paths. */
function bent(changes: Part, cerfa: Part = whole): Part {
  return Object.entries(changes).reduce((bending, [path, value]) => {
    const [name = '', ...rest] = path.split('.');
    if (rest.length === 0) return { ...bending, [name]: value };
    const inner = isPart(bending[name]) ? bending[name] : {};
    return { ...bending, [name]: bent({ [rest.join('.')]: value }, inner) };
  }, cerfa);
}

/** What the checks say; undefined where they let it through. */
function refusal(cerfa: Part): string | undefined {
  try {
    demandCodes(cerfa);
    demandRules(cerfa);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return `${error.code} ${error.text}`;
    throw error;
  }
}

const periods = (...spans: [from: string, to: string, ordre: string, typeSalaire?: string][]) => ({
  'contrat.remunerationsAnnuelles': spans.map(([dateDebut, dateFin, ordre, typeSalaire = 'SMIC']) => ({
    ...{ dateDebut: midnight(dateDebut), dateFin: midnight(dateFin), ordre, typeSalaire, taux: 100 },
  })),
});
const avenant = { 'contrat.typeContratApp': 36, 'contrat.numeroContratPrecedent': '075202609NC0001' };
const maitre2 = { nom: 'Faure', prenom: 'Noa', dateNaissance: midnight('1990-01-01') };

describe('the checks of a contract', () => {
  it('let through the examples of our own contract and of the tests, old and new forms', () => {
    for (let rank = 0; rank < 300; rank += 7)
      expect(refusal(inTheNorm(exampleCerfa({ rank, debut: `2027-0${1 + (rank % 9)}-15` })))).toBeUndefined();
    expect(refusal(aCerfa())).toBeUndefined();
    expect(refusal(bent({ versionCERFA: '10103*10', 'formation.typeDiplome': 74 }))).toBeUndefined();
  });

  it.each<[string, Part]>([
    ['CODE employeur.typeEmployeur', { 'employeur.typeEmployeur': 17 }],
    ['CODE employeur.employeurSpecifique', { 'employeur.employeurSpecifique': 5 }],
    ['CODE apprenti.nationalite', { 'apprenti.nationalite': 0 }],
    ['CODE apprenti.situationAvantContrat', { 'apprenti.situationAvantContrat': 13 }],
    ['CODE apprenti.derniereClasse', { 'apprenti.derniereClasse': 33 }],
    ['CODE apprenti.diplome', { 'apprenti.diplome': 61 }],
    ['CODE formation.typeDiplome', { 'formation.typeDiplome': 74 }],
    ['CODE maitre1.niveauDiplomeObtenu', { 'maitre1.niveauDiplomeObtenu': 2 }],
    ['CODE contrat.modeContractuel', { 'contrat.modeContractuel': 'CDD' }],
    ['CODE contrat.typeContratApp', { 'contrat.typeContratApp': 12 }],
    ['CODE contrat.typeDerogation', { 'contrat.typeDerogation': 13 }],
    ['FORMAT versionCERFA', { versionCERFA: '10103*15' }],
    ['FORMAT employeur.codeIdcc', { 'employeur.codeIdcc': '148' }],
    ['FORMAT apprenti.sexe', { 'apprenti.sexe': '2' }],
    ['FORMAT apprenti.nir', { 'apprenti.nir': '20705991001' }],
    ['NIR apprenti.nir', { 'apprenti.nir': '299127512345600' }],
    ['FORMAT formation.rncp', { 'formation.rncp': '38363' }],
    ['FORMAT organismeFormation.uaiCfa', { 'organismeFormation.uaiCfa': '075000A' }],
    ['LONGUEUR employeur.denomination', { 'employeur.denomination': 'x'.repeat(81) }],
    ['FORMAT apprenti.nom', { 'apprenti.nom': { a: 1 } }],
    ['FORMAT maitre2', { maitre2: 'Faure' }],
    ['DATE contrat.dateEffetAvenant', { ...avenant, 'contrat.dateEffetAvenant': midnight('2027-02-31') }],
    ['DATE contrat.dateEffetAvenant', { ...avenant, 'contrat.dateEffetAvenant': '2027-01-01' }],
  ])('refuse what norm.md 3.7 and 3.8 do not have: %s', (told, changes) => {
    expect(refusal(bent(changes))).toContain(told);
  });

  it.each<[string, Part]>([
    ['moins de 6 mois', { 'contrat.dateFinContrat': midnight('2027-02-27') }],
    ['La formation dure moins', { 'formation.dateFinFormation': midnight('2027-02-27') }],
    ['La formation dure plus', { 'formation.dateFinFormation': midnight('2030-09-01') }],
    ['La formation finit avant', { 'formation.dateFinFormation': midnight('2026-08-31') }],
    ['dureeFormation', { 'formation.dureeFormation': 10_000 }],
    ['nombreHeuresEnDistanciel', { 'formation.nombreHeuresEnDistanciel': 1351 }],
    ['40 heures', { 'contrat.dureeTravailHebdoHeures': 40, 'contrat.dureeTravailHebdoMinutes': 1 }],
    ['40 heures', { 'contrat.dureeTravailHebdoHeures': -5 }],
    ['59 au plus', { 'contrat.dureeTravailHebdoMinutes': 60 }],
    ['Moins de 16 ans', { 'apprenti.dateNaissance': midnight('2010-09-02') }],
    ['30 ans et plus', { 'apprenti.dateNaissance': midnight('1996-09-01') }],
    ['maitre1 : mineur', { 'maitre1.dateNaissance': midnight('2008-09-02') }],
    ['maitre2.dateNaissance est obligatoire', { maitre2: { ...maitre2, dateNaissance: null } }],
    ['maitre2 : mineur', { maitre2: { ...maitre2, dateNaissance: midnight('2008-09-02') } }],
    ['numeroContratPrecedent est obligatoire', { 'contrat.typeContratApp': 31 }],
    ['dateEffetAvenant est obligatoire', avenant],
    ['hors du contrat', { ...avenant, 'contrat.dateEffetAvenant': midnight('2028-09-01') }],
    ['contiguës', periods(['2026-09-01', '2027-08-31', '1.1'], ['2027-09-02', '2028-08-31', '2.1'])],
    ['exactement', periods(['2026-09-01', '2027-08-31', '1.1'])],
    ['chacun une fois', periods(['2026-09-01', '2027-08-31', '1.1'], ['2027-09-01', '2028-08-31', '1.1'])],
    ['typeSalaire', periods(['2026-09-01', '2028-08-31', '1.1', 'SMH'])],
    ["liste d'objets", { 'contrat.remunerationsAnnuelles': 'toutes' }],
    ['organismeFormationLieuFormationPrincipal', { 'organismeFormation.lieuFormationIdentique': false }],
  ])('refuse what breaks a rule of norm.md 3.9: %s', (told, changes) => {
    expect(refusal(bent(changes))).toContain(told);
  });

  it('let through what stands right at a bound, or is only doubtful', () => {
    const allowed: Part[] = [
      {
        'apprenti.dateNaissance': midnight('2010-09-02'),
        'contrat.typeDerogation': 11,
        'apprenti.responsableLegal': null,
      },
      { 'apprenti.dateNaissance': midnight('1996-09-01'), 'contrat.typeDerogation': '50' },
      { 'apprenti.dateNaissance': midnight('2010-09-01') },
      { 'contrat.dureeTravailHebdoHeures': 39, 'contrat.dureeTravailHebdoMinutes': 59 },
      { 'formation.dureeFormation': 100 },
      { ...avenant, 'contrat.dateEffetAvenant': midnight('2028-08-31') },
      { maitre2 },
      { 'contrat.dateFinContrat': midnight('2027-02-28'), 'contrat.remunerationsAnnuelles': null },
    ];
    expect(allowed.map((changes) => refusal(bent(changes)))).toEqual(allowed.map(() => undefined));
  });
});
