import { createHash } from 'node:crypto';
import { opcoIds, type OpcoId } from '../../src/core/endpoint.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { aCerfa, certificatOf, conventionOf, formCall, infosOf, pdf } from '../support/norm-bodies.js';
import { controlOf, type NormClient, type NormFile } from '../support/norm-client.js';
import {
  freshMorning,
  opcosV2,
  opcosWithDossiers,
  putInto,
  refusalOf,
  withDossier,
  withEngaged,
} from '../support/norm-journey.js';

let sandbox: Sandbox;
beforeAll(async () => {
  const enable = opcoIds.map((opcoId) => `${opcoId}:depositDocument`);
  sandbox = await startSandbox({ port: 0, seed: 'spec', enable });
});
afterAll(() => sandbox.stop());
beforeEach(() => freshMorning(sandbox));

type Bend = Readonly<Record<string, unknown>>;
const conflict = (opcoId: OpcoId) =>
  opcoId === 'opco-ep' ? 400 : ['constructys', 'uniformation'].includes(opcoId) ? 422 : 409;
const unknownStatus = (opcoId: OpcoId) => (opcoId === 'opco-ep' ? 400 : 404);
const effects = () => sandbox.world.ledger.read({ committed: true }).map(({ committed }) => committed);
const png: NormFile = { name: 'x.pdf', content: Buffer.from([0x89, 0x50, 0x4e, 0x47, 1]) };
const program: NormFile = { name: 'x.pdf', content: Buffer.from('MZ\0\0') };
const sha256 = ({ content }: NormFile) => createHash('sha256').update(content).digest('hex');
const without = (body: Bend, name: string): Bend =>
  Object.fromEntries(Object.entries(body).filter(([each]) => each !== name));

describe.each(opcosWithDossiers)('%s, contracts', (opcoId) => {
  const contrat = aCerfa()['contrat'] as Bend;
  it.each<[string, Bend, string]>([
    ['a part', { contrat: null }, 'Le bloc contrat est obligatoire.'],
    ['a mandatory field', { apprenti: { prenom: 'Alix' } }, 'apprenti.nom est obligatoire'],
    ['a SIRET', { employeur: { ...(aCerfa()['employeur'] as Bend), siret: '123' } }, 'SIRET invalide'],
    ['a date without zone', { contrat: { ...contrat, dateDebutContrat: '2026-09-01' } }, 'heure et fuseau'],
    ['its dates in order', { contrat: { ...contrat, dateFinContrat: '2026-01-01T00:00:00Z' } }, 'avant de commencer'],
    ['54 months at most', { contrat: { ...contrat, dateFinContrat: '2031-03-01T00:00:00Z' } }, 'plus de 54 mois'],
    ['a start after its conclusion', { contrat: { ...contrat, dateConclusion: '2026-09-02T00:00:00Z' } }, 'conclusion'],
    ['a conclusion since 2020', { contrat: { ...contrat, dateConclusion: '0001-01-01T00:00:00Z' } }, 'pas avant'],
    ['a code of the lists', { contrat: { ...contrat, typeContratApp: 12 } }, 'typeContratApp : code inconnu'],
    ['six months', { contrat: { ...contrat, dateFinContrat: '2026-12-31T00:00:00Z' } }, 'moins de 6 mois'],
    ['what an amendment cites', { contrat: { ...contrat, typeContratApp: 36 } }, 'numeroContratPrecedent'],
    ['the state of a sending', { etat: 'ENGAGE' }, 'TRANSMIS'],
  ])('are refused without %s, in the words of the OPCO', async (_name, bend, text) => {
    const { client } = await withDossier(sandbox, opcoId);
    const answer = await client.send({ route: 'POST v1/dossiers', json: { cerfa: aCerfa(bend) } });
    expect(answer.status).toBe(400);
    expect(refusalOf(client, answer)).toContain(text);
    expect(effects()).toHaveLength(1);
  });

  it('are taken twice or refused as a double, as this OPCO does; another apprentice always enters', async () => {
    const { client } = await withDossier(sandbox, opcoId);
    const send = async (rank: number) =>
      (await client.send({ route: 'POST v1/dossiers', json: { cerfa: aCerfa({ rank }) } })).status;
    const refuses = ['atlas', 'constructys', 'uniformation'].includes(opcoId);
    expect(await send(0)).toBe(refuses ? conflict(opcoId) : 200);
    expect(await send(1)).toBe(200);
    expect(effects()).toHaveLength(refuses ? 2 : 3);
  });

  it('that are no JSON are refused', async () => {
    const { client } = await withDossier(sandbox, opcoId);
    expect((await client.send({ route: 'POST v1/dossiers', json: [] })).status).toBe(400);
    const headers = { 'content-type': 'text/plain' };
    expect((await client.send({ route: 'POST v1/dossiers', json: {}, headers })).status).toBe(415);
  });
});

describe.each(opcosWithDossiers)('%s, conventions', (opcoId) => {
  const send = (client: NormClient, json: Bend, file: NormFile = pdf) =>
    client.send(formCall('POST v1/conventions', 'convention', json, file));

  it('are kept with the digest of their file', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, opcoId);
    const { status, body } = await send(client, conventionOf(numeroInterne));
    expect(status).toBe(200);
    expect(typeof body.numeroInterneDocument).toBe(opcoId === 'akto' ? 'number' : 'string');
    expect(effects()[1]).toEqual({
      type: 'convention',
      numeroInterne,
      numeroInterneDocument: String(body.numeroInterneDocument),
      fichier: sha256(pdf),
      octets: pdf.content.length,
    });
    const { cfa } = (await controlOf(sandbox, 'cfas', { opcoId, apiKey: `sandbox-cfa-key-${opcoId}` })) as {
      cfa: string;
    };
    expect(await controlOf(sandbox, `holdings?opcoId=${opcoId}&cfa=${cfa}`)).toMatchObject({
      dossiers: [{ numeroInterne, etat: 'TRANSMIS' }],
      documents: [{ type: 'convention', objets: [numeroInterne], file: { fichier: sha256(pdf), type: 'pdf' } }],
    });
  });

  it('are refused for what is wrong in them, in the words of the OPCO', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, opcoId);
    const good = conventionOf(numeroInterne);
    const cases: [Bend, number, string, NormFile?][] = [
      [conventionOf('nope'), unknownStatus(opcoId), 'Aucun dossier'],
      [without(good, 'organismeFormation'), 400, 'organismeFormation.siret est obligatoire'],
      [{ ...good, employeur: { siret: '11111111111111' } }, 400, "n'est pas celui attendu"],
      [{ ...good, dateSignature: '2026-09-01' }, 400, 'heure et fuseau'],
      [{ ...good, couts: { mentionMobiliteInternationale: true } }, 400, 'champ inconnu'],
      [good, 400, 'type non accepté', program],
    ];
    for (const [json, status, text, file] of cases) {
      const answer = await send(client, json, file);
      expect([answer.status, refusalOf(client, answer)]).toEqual([status, expect.stringContaining(text)]);
    }
    await putInto(sandbox, { opcoId, numeroInterne, etat: 'REFUSE' });
    const late = await send(client, good);
    expect([late.status, refusalOf(client, late)]).toEqual([conflict(opcoId), expect.stringContaining('REFUSE')]);
    expect(effects()).toHaveLength(1);
  });

  it('want a form of exactly their two parts', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, opcoId);
    const good = conventionOf(numeroInterne);
    const status = async (parts: Bend, file: NormFile | undefined) =>
      (await client.send({ route: 'POST v1/conventions', form: { parts, ...(file && { file }) } })).status;
    expect(await status({ convention: good }, undefined)).toBe(400);
    expect(await status({ infosFichier: good }, pdf)).toBe(400);
    expect(await status({ convention: good, more: {} }, pdf)).toBe(400);
    expect((await client.send({ route: 'POST v1/conventions', json: good })).status).toBe(415);
    expect(effects()).toHaveLength(1);
  });
});

describe('a file of more than 10 MiB', () => {
  it('is refused by its size', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, 'akto');
    const large: NormFile = { name: 'x.pdf', content: Buffer.concat([pdf.content, Buffer.alloc(10 * 1024 * 1024)]) };
    const call = formCall('POST v1/conventions', 'convention', conventionOf(numeroInterne), large);
    const answer = await client.send(call);
    expect([answer.status, refusalOf(client, answer)]).toEqual([413, expect.stringContaining('10 Mio')]);
  });
});

describe.each(opcosWithDossiers)('%s, documents', (opcoId) => {
  const send = (client: NormClient, json: Bend, file: NormFile = pdf) =>
    client.send(formCall('POST v1/documents', 'infosFichier', json, file));

  it('are kept, whatever kind of file the norm knows', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, opcoId);
    for (const file of [pdf, png, { name: 'heures.csv', content: Buffer.from('a;b\n1;2\n') }])
      expect((await send(client, infosOf(numeroInterne), file)).body.numeroInterneDocument).toBeDefined();
    expect(effects()[2]).toMatchObject({ type: 'document', fichier: sha256(png), octets: 5 });
  });

  it('are refused for what is wrong in them, under `Description` where the OPCO has one', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, opcoId);
    const cases: [Bend, string, NormFile?][] = [
      [infosOf('nope'), 'Objet inconnu'],
      [infosOf(numeroInterne, { typeFichier: 'convention' }), 'typeFichier'],
      [infosOf(numeroInterne, { objets: [] }), 'objets'],
      [infosOf(numeroInterne, { objets: [{ typeObjet: 'dossier', idObjet: numeroInterne }] }), 'typeObjet'],
      [infosOf(numeroInterne, { objets: [{ typeObjet: 'FACTURE', idObjet: numeroInterne }] }), 'Objet inconnu'],
      [infosOf(numeroInterne), 'type non accepté', program],
    ];
    for (const [json, text, file] of cases) {
      const answer = await send(client, json, file);
      expect([answer.status, refusalOf(client, answer, 'documents')]).toEqual([400, expect.stringContaining(text)]);
    }
    expect(effects()).toHaveLength(1);
  });
});

describe('afdas, certificates', () => {
  const send = (client: NormClient, json: Bend) => client.send(formCall('POST v2/certificats', 'certificat', json));

  it('are kept for an instalment of an engaged dossier, with a file or without', async () => {
    const { client, numeroInterne } = await withEngaged(sandbox, 'afdas');
    expect((await send(client, certificatOf(numeroInterne))).status).toBe(200);
    const parts = { certificat: certificatOf(numeroInterne, { typeCertificat: 'Final' }) };
    expect((await client.send({ route: 'POST v2/certificats', form: { parts } })).status).toBe(200);
    expect(effects().slice(1)).toMatchObject([
      { type: 'certificat', numeroInterne, fichier: sha256(pdf) },
      { type: 'certificat', numeroInterne },
    ]);
  });

  it('are refused for what is wrong in them', async () => {
    const { client, numeroInterne } = await withEngaged(sandbox, 'afdas');
    const good = certificatOf(numeroInterne);
    const cases: [Bend, number, string][] = [
      [{ ...good, typeCertificat: 'final' }, 400, 'typeCertificat'],
      [certificatOf('nope'), 404, 'Aucun dossier'],
      [{ ...good, echeance: { numero: 99 } }, 400, 'échéance inconnue'],
      [{ ...good, numeroInterneFacture: 'nope' }, 400, 'facture inconnue'],
      [without(good, 'echeance'), 400, 'echeance.numero est obligatoire'],
    ];
    for (const [json, status, text] of cases) {
      const answer = await send(client, json);
      expect([answer.status, refusalOf(client, answer)]).toEqual([status, expect.stringContaining(text)]);
    }
    const { client: other, numeroInterne: fresh } = await withDossier(sandbox, 'afdas');
    expect((await send(other, certificatOf(fresh))).status).toBe(409);
  });
});

describe.each(opcosV2)('%s, terminations', (opcoId) => {
  const dateRupture = '2026-10-15T00:00:00+00:00';
  const send = (client: NormClient, json: Bend) => client.send({ route: 'POST v2/dossiers/rupture/employeur', json });

  it('end an engaged dossier once, on a day of the contract', async () => {
    const { client, numeroInterne } = await withEngaged(sandbox, opcoId);
    const cases: [Bend, number, string][] = [
      [{ dateRupture }, 400, 'numeroInterne est obligatoire'],
      [{ numeroInterne }, 400, 'dateRupture est obligatoire'],
      [{ numeroInterne, dateRupture: '2026-10-15' }, 400, 'heure et fuseau'],
      [{ numeroInterne, dateRupture: '2029-10-15T00:00:00Z' }, 400, 'hors du contrat'],
      [{ numeroInterne: 'nope', dateRupture }, 404, 'Aucun dossier'],
    ];
    for (const [json, status, text] of cases) {
      const answer = await send(client, json);
      expect([answer.status, refusalOf(client, answer)]).toEqual([status, expect.stringContaining(text)]);
    }
    expect((await send(client, { numeroInterne, dateRupture, motif: 'libre' })).status).toBe(200);
    const { body } = await client.send({ route: 'GET v2/dossiers', query: { numeroInterne } });
    expect(body.cerfa.etat).toMatch(/^R(UPTU|UTPURE|UPTURE)$/);
    expect(body.cerfa.commentaireEtat).toBe('Contrat rompu le 2026-10-15.');
    const again = await send(client, { numeroInterne, dateRupture });
    expect([again.status, refusalOf(client, again)]).toEqual([409, expect.stringContaining('engagé')]);
    expect(effects().map((each) => each?.type)).toEqual(['dossier', 'rupture']);
  });
});
