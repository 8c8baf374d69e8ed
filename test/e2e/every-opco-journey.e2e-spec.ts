import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { exampleCertificat } from '../../src/core/contract/certificat.js';
import { exampleConvention } from '../../src/core/contract/convention.js';
import { exampleDocument } from '../../src/core/contract/document.js';
import { exampleFacture } from '../../src/core/contract/facture.js';
import { exampleRupture } from '../../src/core/contract/rupture.js';
import type { OpcoId } from '../../src/core/endpoint.js';
import { CfaEverywhere, expectUnsupported, lineOf, type Matrix } from '../support/a-cfa-everywhere.js';
import { controlOf } from '../support/norm-client.js';
import { morning } from '../support/norm-journey.js';
import { eventually, startProduct, type Asked, type Product } from '../support/product.js';

let product: Product;
let cfa: CfaEverywhere;
let matrix: Matrix;
beforeAll(async () => {
  product = await startProduct();
  await controlOf(product.sandbox, 'clock', { set: morning });
  cfa = await CfaEverywhere.of(product, 'CFA en chemin');
  matrix = await cfa.matrix();
});
afterAll(() => product.stop());

/** Reads the dossier as its owner does, without asking past the cache, until the product knows that state. */
async function untilEtat(opcoId: OpcoId, numeroInterne: string, etat: string): Promise<Asked['body']> {
  const read = () => cfa.ask('GET', `/${opcoId}/dossiers/${numeroInterne}`);
  return (await eventually(read, ({ body }) => body.cerfa?.etat === etat)).body;
}

async function done(path: string, body: object): Promise<Asked['body']> {
  const job = await cfa.deposit(path, body);
  expect([path, job.status, job.error]).toEqual([path, 'completed', undefined]);
  return job.result;
}

/** An invoice of the first instalment, made of nothing but what the public door showed. */
function firstInvoice({
  cerfa,
  echeances,
}: Asked['body']): Readonly<Record<string, unknown>> & { readonly montantTotal: number } {
  const [{ numero, codification, montantTotal }] = echeances;
  const { lignes, ...facture } = exampleFacture(`F-${cerfa.numeroExterne}`, cerfa.numeroExterne);
  const named = { numeroEcheance: numero, codificationEcheance: codification, numeroDeca: cerfa.numeroDeca };
  return { ...facture, montantTotal, lignes: [{ ...lignes[0], ...named, montant: montantTotal }] };
}

/** From the contract to the paid instalment; gives the dossier's number and that of its invoice. */
async function engagedAndBilled(opcoId: OpcoId): Promise<{ numeroInterne: string; facture: Asked['body'] }> {
  const { numeroInterne } = await done(`/${opcoId}/dossiers`, { cerfa: exampleCerfa() });
  expect(await untilEtat(opcoId, numeroInterne, 'TRANSMIS')).toMatchObject({ echeances: null, engagement: null });
  await cfa.put(opcoId, numeroInterne, 'ENGAGE');
  const dossier = await untilEtat(opcoId, numeroInterne, 'ENGAGE');
  expect(dossier.echeances[0]).toMatchObject({ dateOuverture: '2026-09-01', montantEnCoursInstruction: 0 });
  await done(`/${opcoId}/conventions`, exampleConvention(numeroInterne));
  // Read once more, so that what the invoice changes is in the cache.
  const draft = firstInvoice((await cfa.ask('GET', `/${opcoId}/dossiers/${numeroInterne}`)).body);
  const facture = { ...(await done(`/${opcoId}/factures`, draft)), montant: draft.montantTotal };
  const billed = await cfa.ask('GET', `/${opcoId}/dossiers/${numeroInterne}`);
  expect(billed.body.echeances[0].montantEnCoursInstruction).toBe(draft.montantTotal);
  const again = await cfa.deposit(`/${opcoId}/factures`, { ...draft, numero: 'F-encore' });
  expect([again.status, again.error.upstream.message]).toEqual(['failed', 'montant : 0 € restent facturables.']);
  const certificat = await done(`/${opcoId}/certificats`, exampleCertificat(numeroInterne));
  expect(certificat).toEqual({ via: 'documents', numeroInterneDocument: expect.any(String) });
  await done(`/${opcoId}/documents`, {
    ...exampleDocument(facture.numeroInterneFacture),
    typeFichier: 'facture',
    objets: [{ typeObjet: 'facture', idObjet: facture.numeroInterneFacture }],
  });
  return { numeroInterne, facture };
}

it('a contract lives its whole life at an OPCO of protocol V2', async () => {
  const { numeroInterne, facture } = await engagedAndBilled('akto');
  const row = {
    numeroInterneFacture: facture.numeroInterneFacture,
    montantFacture: facture.montant,
    organismeFormation: { siret: '13002526500013', IBAN: 'FR7630006000011234567890189' },
    dossiers: [{ numeroInterneDossier: numeroInterne, montant: facture.montant }],
  };
  const etats = await cfa.ask('GET', '/akto/factures/etats');
  expect(etats.body).toMatchObject({ page: 1, total: 1, data: [{ ...row, etatFacture: 'TRANSMISE' }] });

  await controlOf(product.sandbox, 'clock', { advanceSeconds: 20 * 86_400 });
  const paid = await cfa.fresh('/akto/factures/etats');
  expect(paid.body.data[0]).toMatchObject({ ...row, etatFacture: 'REGLE' });
  expect(paid.body.data[0].referenceVirement).toMatch(/^VIR\d{10}$/);
  expect(paid.body.data[0].dateReglement).toMatch(/^2026-11-\d\d$/);
  const settled = await cfa.fresh(`/akto/dossiers/${numeroInterne}`);
  expect(settled.body.echeances[0]).toMatchObject({ montantRegle: facture.montant, montantEnCoursInstruction: 0 });

  const rupture = await done('/akto/dossiers/rupture', exampleRupture(numeroInterne));
  expect(rupture).toEqual({ numeroInterne, etat: 'RUPTURE' });
  const ended = await cfa.ask('GET', `/akto/dossiers/${numeroInterne}`);
  expect(ended.body.cerfa).toMatchObject({ etat: 'RUPTURE', commentaireEtat: 'Contrat rompu le 2027-01-15.' });
  const later = { ...exampleRupture(numeroInterne), dateRupture: '2027-02-01' };
  const twice = await cfa.deposit('/akto/dossiers/rupture', later);
  // A conflict may be the echo of one's own lost deposit: a person decides.
  expect([twice.status, twice.error.code]).toEqual(['needs_review', 'UPSTREAM_REJECTED']);
  expect(twice.error.upstream).toMatchObject({ status: 409, message: 'Seul un dossier engagé peut être rompu.' });
});

it('a contract lives its life at an OPCO of protocol V1, as far as that one goes', async () => {
  const { numeroInterne } = await engagedAndBilled('opco-ep');
  const etats = await cfa.ask('GET', '/opco-ep/factures/etats');
  expectUnsupported(etats, lineOf(matrix, 'opco-ep', 'facturesEtats'));
  const rupture = await cfa.ask('POST', '/opco-ep/dossiers/rupture', { body: exampleRupture(numeroInterne) });
  expectUnsupported(rupture, lineOf(matrix, 'opco-ep', 'depositRupture'));
  await cfa.put('opco-ep', numeroInterne, 'SOLDE');
  expect((await untilEtat('opco-ep', numeroInterne, 'SOLDE')).echeances).toHaveLength(8);
});
