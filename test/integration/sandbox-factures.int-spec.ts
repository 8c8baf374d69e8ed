import { opcoIds, type OpcoId } from '../../src/core/endpoint.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { factureOf, facturesRoute, formCall, infosOf, ligneOf, pdf, siretCfa } from '../support/norm-bodies.js';
import { clientOf, controlOf, type NormClient, type NormFile } from '../support/norm-client.js';
import {
  freshMorning,
  opcosV2,
  opcosWithDossiers,
  putInto,
  read,
  refusalOf,
  withDossier,
  withEngaged,
} from '../support/norm-journey.js';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ port: 0, seed: 'spec' })));
afterAll(() => sandbox.stop());
/** Under this seed nobody rejects its first invoice. */
const seed = 'paid';
beforeEach(() => freshMorning(sandbox, seed));

type Part = Readonly<Record<string, unknown>>;
/** Uniformation takes no invoices yet, and OPCO Santé no contracts to invoice. */
const invoicing = opcosWithDossiers.filter((opcoId) => opcoId !== 'uniformation');
const conflict = (opcoId: OpcoId) => (opcoId === 'opco-ep' ? 400 : opcoId === 'constructys' ? 422 : 409);
const days = (count: number) => sandbox.world.virtual.advance(count * 86_400);
const invoice = (client: NormClient, json: unknown, file: NormFile = pdf) =>
  client.send(formCall(facturesRoute(client), 'facture', json, file));
const taken = () =>
  sandbox.world.ledger.read({ committed: true }).filter(({ committed }) => committed?.type === 'facture');

describe.each(invoicing)('%s, an invoice', (opcoId) => {
  it('is taken, stands in instruction on its instalment, and is paid in the end', async () => {
    const { client, numeroInterne, dossier } = await withEngaged(sandbox, opcoId);
    const montant = dossier.echeances[0]?.montantTotal ?? 0;
    const extra = ligneOf(dossier, 0, { natureLigne: 'PREMIEREQUIPEMENT', montant: 500 });
    const { status, body } = await invoice(client, factureOf([ligneOf(dossier), extra]));
    expect(status).toBe(200);
    expect(body).toMatchObject({ numeroInterneFacture: expect.anything(), numeroInterneDocument: expect.anything() });
    expect(taken()[0]?.committed).toMatchObject({ numeroInterneFacture: String(body.numeroInterneFacture) });
    const [before] = (await read(client, numeroInterne)).echeances;
    expect(before).toMatchObject({ montantRegle: 0, montantEnCoursInstruction: montant });
    days(16);
    const after = await read(client, numeroInterne);
    expect(after.echeances[0]).toMatchObject({ montantRegle: montant, montantEnCoursInstruction: 0 });
    expect(after).toMatchObject({ detailsFacturation: { fraisPremierEquipementRegles: true } });
  });

  it('is refused for what is wrong in it, in the words of the OPCO, and leaves nothing behind', async () => {
    const { client, dossier } = await withEngaged(sandbox, opcoId);
    const ligne = ligneOf(dossier);
    const montant = Number(ligne['montant']);
    const one = (more: Part) => factureOf([{ ...ligne, ...more }]);
    const cases: [unknown, string, NormFile?][] = [
      [factureOf([ligne], { montantTotal: montant + 1 }), 'différent de la somme'],
      [factureOf([]), 'lignes est obligatoire'],
      [factureOf([ligne], { ibanEmetteur: 'FR1420041010050500013M02607' }), 'IBAN'],
      [factureOf([ligne], { siretEmetteur: '11111111111111' }), 'SIRET'],
      [factureOf([ligne], { dateEmission: '2026-11-01' }), 'heure et fuseau'],
      [factureOf([ligne], { estCertificatRealisation: true }), 'estCertificatRealisation'],
      [one({ numeroDossier: dossier.cerfa.numeroInterne }), 'numéro externe'],
      [one({ numeroDeca: '075202609NC9999' }), 'numeroDeca'],
      [one({ natureLigne: 'pedagogie' }), 'natureLigne'],
      [one({ montant: montant + 0.01 }), 'restent facturables'],
      [one({ montant: 0.001 }), 'montant'],
      [one({ codificationEcheance: '99' }), 'codificationEcheance'],
      [one({ numeroEcheance: 55 }), 'échéance inconnue'],
      [one({ natureLigne: 'MOBILITE', montant: 1 }), 'restent facturables'],
      [factureOf([ligneOf(dossier, 1)], { estCertificatRealisation: true }), 'facturable à partir du'],
      [factureOf([ligne, ligne]), 'restent facturables'],
      [factureOf([ligne]), 'type non accepté', { name: 'f.pdf', content: Buffer.from([0xff, 0xd8, 0xff, 0]) }],
    ];
    for (const [json, text, file] of cases) {
      const answer = await invoice(client, json, file);
      expect([answer.status, refusalOf(client, answer)]).toEqual([400, expect.stringContaining(text)]);
    }
    expect(taken()).toEqual([]);
    expect((await invoice(client, factureOf([ligne]))).status).toBe(200);
  });

  it('is refused on a dossier that is not engaged, and under a number that is used', async () => {
    const { client, numeroInterne, dossier } = await withEngaged(sandbox, opcoId);
    const half = ligneOf(dossier, 0, { montant: 100 });
    expect((await invoice(client, factureOf([half]))).status).toBe(200);
    const twice = await invoice(client, factureOf([half]));
    expect([twice.status, refusalOf(client, twice)]).toEqual([conflict(opcoId), expect.stringContaining('déjà')]);
    expect((await invoice(client, factureOf([half], { numero: '' }))).status).toBe(200);
    await putInto(sandbox, { opcoId, numeroInterne, etat: 'EN_COURS_INSTRUCTION' });
    const early = await invoice(client, factureOf([half], { numero: 'F-2' }));
    expect([early.status, refusalOf(client, early)]).toEqual([conflict(opcoId), expect.stringContaining('engagé')]);
  });

  it('of the balance carries the code 99 and a certificate', async () => {
    const { client, dossier } = await withEngaged(sandbox, opcoId);
    days(3 * 366);
    const last = ligneOf(dossier, dossier.echeances.length - 1);
    expect(last['codificationEcheance']).toBe('99');
    const answer = await invoice(client, factureOf([last], { estCertificatRealisation: true }));
    expect(answer.status).toBe(200);
  });

  it('can be named by a document once it is there', async () => {
    const { client, dossier } = await withEngaged(sandbox, opcoId);
    const { body } = await invoice(client, factureOf([ligneOf(dossier)]));
    await controlOf(sandbox, 'capabilities', { opcoId, capability: 'depositDocument' });
    const objets = [{ typeObjet: 'FACTURE', idObjet: String(body.numeroInterneFacture) }];
    const infos = infosOf('', { typeFichier: 'CERTIFICAT_REALISATION', objets });
    expect((await client.send(formCall('POST v1/documents', 'infosFichier', infos))).status).toBe(200);
  });
});

describe.each(opcosV2)('%s, the states of invoices', (opcoId) => {
  it('go from sent to paid with a transfer, under the number of the CFA', async () => {
    const { client, dossier } = await withEngaged(sandbox, opcoId);
    const { body: given } = await invoice(client, factureOf([ligneOf(dossier)]));
    const row = async () => {
      const { body } = await client.send({ route: 'GET v2/factures/etats', query: { numeroPage: '1' } });
      const page = opcoId === 'opcommerce' ? body[0] : body;
      expect(page).toMatchObject({ total: 1, count: 1, page: 1 });
      return page.factures[0];
    };
    const montant = dossier.echeances[0]?.montantTotal;
    expect(await row()).toEqual({
      numeroInterneFacture: given.numeroInterneFacture,
      referenceFactureCFA: 'F-2026-001',
      montantFacture: montant,
      etatFacture: 'TRANSMISE',
      referenceVirement: null,
      dateReglement: null,
      commentaire: null,
      organismeFormation: { siret: siretCfa, IBAN: 'FR1420041010050500013M02606' },
      dossiers: [
        {
          numeroInterneDossier: dossier.cerfa.numeroInterne,
          numeroExterneDossier: dossier.cerfa.numeroExterne,
          montant,
        },
      ],
    });
    days(3);
    expect(await row()).toMatchObject({ etatFacture: 'EN_COURS_INSTRUCTION' });
    days(13);
    const paid = await row();
    expect(paid).toMatchObject({ etatFacture: 'REGLE', referenceVirement: expect.stringMatching(/^VIR\d{10}$/) });
    expect(paid.dateReglement).toMatch(/^2026-11-\d\dT00:00:00/);
    const forced = { opcoId, apiKey: `sandbox-cfa-key-${opcoId}`, commentaireEtat: 'IBAN à revoir' };
    const numeroInterneFacture = String(given.numeroInterneFacture);
    await controlOf(sandbox, 'etat-facture', { ...forced, numeroInterneFacture, etatFacture: 'REJETEE' });
    expect(await row()).toMatchObject({ etatFacture: 'REJETEE', commentaire: 'IBAN à revoir', dateReglement: null });
    expect((await read(client, String(dossier.cerfa.numeroInterne))).echeances[0]).toMatchObject({
      montantRegle: 0,
      montantEnCoursInstruction: 0,
    });
  });
});

describe('one invoice', () => {
  it('covers several dossiers, and each of them sees its own part', async () => {
    const { client, dossier } = await withEngaged(sandbox, 'akto');
    const { numeroInterne } = await withDossier(sandbox, 'akto');
    await putInto(sandbox, { opcoId: 'akto', numeroInterne, etat: 'ENGAGE' });
    const other = await read(client, numeroInterne);
    const lignes = [ligneOf(dossier, 0, { montant: 10.1 }), ligneOf(other, 0, { montant: 20.2 })];
    expect((await invoice(client, factureOf(lignes, { montantTotal: 30.3 }))).status).toBe(200);
    expect((await read(client, numeroInterne)).echeances[0]).toMatchObject({ montantEnCoursInstruction: 20.2 });
    const { body } = await client.send({ route: 'GET v2/factures/etats' });
    expect(body.factures[0].dossiers).toMatchObject([{ montant: 10.1 }, { montant: 20.2 }]);
  });

  it('is the same again under the same seed', async () => {
    const once = async () => {
      await freshMorning(sandbox, seed);
      const { client, dossier } = await withEngaged(sandbox, 'ocapiat');
      await invoice(client, factureOf([ligneOf(dossier)]));
      days(16);
      return (await client.send({ route: 'GET v2/factures/etats' })).body;
    };
    expect(await once()).toEqual(await once());
  });

  it('is for nobody where the route is missing', async () => {
    for (const opcoId of opcoIds.filter((each): each is OpcoId => !invoicing.some((one) => one === each))) {
      const answer = await invoice(await clientOf(sandbox, opcoId), {});
      expect([opcoId, answer.status]).toEqual([opcoId, opcoId === 'uniformation' ? 404 : 501]);
    }
  });
});
