import type { Finding } from '../errors.js';
import { exampleCertificat, judgeCertificat } from './certificat.js';
import { compileContract } from './check.js';
import { CompletFields, filesOfComplet, DossierComplet, exampleComplet, judgeComplet, warnComplet } from './complet.js';
import { ConventionDeposit, exampleConvention, judgeConvention, warnConvention } from './convention.js';
import { CertificatDeposit } from './certificat.js';
import { DocumentDeposit, exampleDocument } from './document.js';
import { exampleFacture, FactureDeposit, FactureFields, judgeFacture, warnFacture } from './facture.js';
import { ListeQuery, mostNumeros } from './liste.js';
import { exampleRupture, RuptureDeposit } from './rupture.js';

const found = (findings: readonly Finding[]) => findings.map(({ pointer, code }) => `${pointer} ${code}`);

it.each([
  ['convention', ConventionDeposit, exampleConvention()],
  ['facture', FactureDeposit, exampleFacture()],
  ['certificat', CertificatDeposit, exampleCertificat()],
  ['document', DocumentDeposit, exampleDocument()],
  ['rupture', RuptureDeposit, exampleRupture()],
  ['dossier complet', DossierComplet, exampleComplet()],
])('the example of a %s holds as it is documented', (_name, schema, body) => {
  expect(compileContract(schema).check(body)).toEqual([]);
});

describe('an invoice', () => {
  const { _files, ...facture } = exampleFacture();
  const [first, second] = facture.lignes;
  const lignes = first && second ? [first, second] : [];

  it('adds up to the cent, however the binary fractions fall', () => {
    const lines = [1.1, 2.2].map((montant) => ({ ...facture.lignes[0], montant }) as (typeof lignes)[number]);
    const both = { ...facture, montantTotal: 3.3, lignes: lines };
    expect(judgeFacture(both)).toEqual([]);
    expect(found(judgeFacture({ ...both, montantTotal: 3.31 }))).toEqual(['/montantTotal sum']);
  });

  it('takes no third decimal', () => {
    const body = { ...facture, lignes: [{ ...first, montant: 1.005 }] };
    expect(found(compileContract(FactureFields).check(body))).toEqual(['/lignes/0/montant precision']);
  });

  it('is refused for a false IBAN', () => {
    const ibanEmetteur = 'FR7630006000011234567890188';
    expect(found(judgeFacture({ ...facture, ibanEmetteur }))).toEqual(['/ibanEmetteur iban_key']);
  });

  it('is only doubtful for what the norm does not demand', () => {
    expect(warnFacture(facture)).toEqual([]);
    expect(found(warnFacture({ ...facture, numero: null, siretEmetteur: '13002526500014' }))).toEqual([
      '/siretEmetteur siret_key',
      '/numero numero',
    ]);
    expect(found(warnFacture({ ...facture, estCertificatRealisation: true }))).toEqual([
      '/estCertificatRealisation certificat',
    ]);
    const later = lignes.map((ligne) => ({ ...ligne, numeroEcheance: 2 }));
    expect(found(warnFacture({ ...facture, lignes: later }))).toEqual([
      '/estCertificatRealisation certificat',
      '/lignes/1/numeroEcheance premier_equipement',
    ]);
  });
});

it('the dates of conventions and certificates are in order', () => {
  const convention = exampleConvention();
  const contrat = { ...convention.contrat, dateFinContrat: '2026-08-31' };
  const formation = { ...convention.formation, dateFinFormation: '2026-08-31' };
  expect(found(judgeConvention({ contrat, formation }))).toEqual([
    '/contrat/dateFinContrat date_order',
    '/formation/dateFinFormation date_order',
  ]);
  const certificat = exampleCertificat();
  const echeance = { ...certificat.echeance, dateFin: '2026-08-31' };
  expect(found(judgeCertificat({ ...certificat, echeance }))).toEqual(['/echeance/dateFin date_order']);
  expect(judgeCertificat({ ...certificat, echeance: { numero: 1 } })).toEqual([]);
});

it('a doubtful SIRET is no error', () => {
  const convention = exampleConvention();
  expect(found(warnConvention({ ...convention, employeur: { siret: '11000001500014' } }))).toEqual([
    '/employeur/siret siret_key',
  ]);
});

it('a linked invoice is named by text or by number', () => {
  const contract = compileContract(CertificatDeposit);
  const linked = (numeroInterneFacture: unknown) => contract.check({ ...exampleCertificat(), numeroInterneFacture });
  expect([linked('F1'), linked(12), linked(null)]).toEqual([[], [], []]);
  expect(found(linked(1.5))).toEqual(['/numeroInterneFacture type']);
});

describe('a composite deposit', () => {
  const { _files, ...body } = exampleComplet();
  const file = (name: string) => ({ name, size: 3, sha256: '', mediaType: 'application/pdf' });
  const files = ['convention.pdf', 'cerfa.pdf'].map(file);

  it('holds without its files, and finds nothing in the example', () => {
    expect(compileContract(CompletFields).check(body)).toEqual([]);
    expect([judgeComplet(body, files), warnComplet(body)]).toEqual([[], []]);
  });

  it('carries a file for each part that takes one, at most', () => {
    const documents = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ typeFichier: 'cerfa', fichier: `${index}.pdf` }));
    const check = (count: number) =>
      found(compileContract(CompletFields).check({ dossier: body.dossier, documents: documents(count) }));
    expect(check(filesOfComplet.most - 1)).toEqual([]);
    expect(check(filesOfComplet.most)).toEqual(['/documents too_many']);
  });

  it('needs its dossier only', () => {
    expect(compileContract(CompletFields).check({ dossier: body.dossier })).toEqual([]);
    expect(judgeComplet({ dossier: body.dossier }, [])).toEqual([]);
  });

  it('gives each part its file, and each file its part', () => {
    expect(found(judgeComplet(body, files.slice(1)))).toEqual(['/convention/fichier file_missing']);
    expect(found(judgeComplet(body, [...files, file('autre.pdf')]))).toEqual(['/_files file_unused']);
    const twice = { ...body, documents: [{ typeFichier: 'cerfa' as const, fichier: 'convention.pdf' }] };
    expect(found(judgeComplet(twice, files))).toEqual(['/documents/0/fichier file_twice', '/_files file_unused']);
  });

  it('points at its parts from its own root', () => {
    const { cerfa } = body.dossier;
    const contrat = { ...cerfa.contrat, dateConclusion: '2019-01-01' };
    expect(found(judgeComplet({ dossier: { cerfa: { ...cerfa, contrat } } }, []))).toEqual([
      '/dossier/cerfa/contrat/dateConclusion date_too_old',
    ]);
  });
});

describe('a list of numbers', () => {
  const check = (numerosInternes: string) => found(compileContract(ListeQuery).check({ numerosInternes }));
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => `N${index}`).join(',');

  it('holds one to fifty distinct numbers', () => {
    expect([check('A/1'), check(numbers(mostNumeros))]).toEqual([[], []]);
    expect(check(numbers(mostNumeros + 1))).toEqual(['/numerosInternes pattern']);
    expect(check('A,B,A')).toEqual(['/numerosInternes refused']);
    expect([check('A,,B'), check(',A'), check('')].flat()).toHaveLength(3);
  });
});
