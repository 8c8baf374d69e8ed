import type { OpcoId } from '../../src/core/endpoint.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { aCerfa, factureOf, facturesRoute, formCall, ligneOf } from '../support/norm-bodies.js';
import { clientOf, controlOf, type NormClient } from '../support/norm-client.js';
import {
  freshMorning,
  opcosV2,
  opcosWithDossiers,
  putInto,
  read,
  withDossier,
  withEngaged,
} from '../support/norm-journey.js';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ port: 0, seed: 'spec', dirt: 0 })));
afterAll(() => sandbox.stop());
beforeEach(() => freshMorning(sandbox));

const control = (path: string, body?: unknown) => controlOf(sandbox, path, body);
const at = (instant: number) => sandbox.world.virtual.set(instant);
const midnight = (day: string) => `${day}T00:00:00+00:00`;
const contrat = (debut: string, fin: string, dateConclusion = debut) => ({
  typeContratApp: 11,
  dateConclusion: midnight(dateConclusion),
  dateDebutContrat: midnight(debut),
  dateFinContrat: midnight(fin),
});

/** A dossier that the clock engages, and whose end is the one that is wanted. */
async function engagedByTheClock(opcoId: OpcoId, end: string, parts = {}) {
  const client = await clientOf(sandbox, opcoId);
  for (let rank = 0; rank < 200; rank += 1) {
    const { body } = await client.send({ route: 'POST v1/dossiers', json: { cerfa: aCerfa({ rank, ...parts }) } });
    const numeroInterne = String(body.numeroInterne);
    const dossier = sandbox.world.cfa(opcoId, `sandbox-cfa-key-${opcoId}`)?.dossiers.get(numeroInterne);
    if (dossier?.life.decision === 'ENGAGE' && dossier.life.end === end)
      return { client, numeroInterne, life: dossier.life };
  }
  throw new Error('no such life in two hundred');
}

const etatOf = async (client: NormClient, numeroInterne: string) => {
  const { cerfa } = (await read(client, numeroInterne)) as unknown as {
    cerfa: { etat: string; commentaireEtat: string; contrat: { dateRupture?: string } };
  };
  return cerfa;
};

describe('a dossier under the virtual clock', () => {
  it.each(opcosWithDossiers)('of %s changes at its very instants, however the clock comes there', async (opcoId) => {
    const { client, numeroInterne, life } = await engagedByTheClock(opcoId, 'RUPTURE');
    const seen: string[] = [];
    for (const instant of [life.instructionAt, life.decisionAt, life.endAt])
      for (const now of [instant - 1, instant]) {
        at(now);
        seen.push((await etatOf(client, numeroInterne)).etat);
      }
    const rupture = opcoId === 'akto' ? 'RUPTU' : opcoId === 'ocapiat' ? 'RUTPURE' : 'RUPTURE';
    expect(seen).toEqual(['TRANSMIS', 'EN_COURS_INSTRUCTION', 'EN_COURS_INSTRUCTION', 'ENGAGE', 'ENGAGE', rupture]);
    const { commentaireEtat, contrat: broken } = await etatOf(client, numeroInterne);
    expect(commentaireEtat).toMatch(/^Contrat rompu le \d{4}-\d\d-\d\d\.$/);
    expect(commentaireEtat).toContain(
      new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Paris' }).format(new Date(broken.dateRupture ?? '')),
    );
    await control('clock', { advanceSeconds: 10 * 365 * 86_400 });
    expect((await etatOf(client, numeroInterne)).etat).toBe(rupture);
  });

  it('says why it was refused, and shows no schedule then', async () => {
    const client = await clientOf(sandbox, 'akto');
    await control('seed', { opcoId: 'akto', apiKey: 'sandbox-cfa-key-akto', dossiers: 60 });
    await control('clock', { advanceSeconds: 30 * 86_400 });
    const { body } = await client.send({ route: 'GET v1/dossiers/etats' });
    const refused = (body as { etat: string; numeroInterne: number; commentaireEtat: string | null }[]).filter(
      ({ etat }) => etat === 'REFUSE',
    );
    expect(refused.length).toBeGreaterThan(0);
    for (const { numeroInterne, commentaireEtat } of refused) {
      expect(commentaireEtat).toBeTruthy();
      expect(await read(client, String(numeroInterne))).toMatchObject({
        cerfa: { commentaireEtat },
        engagement: null,
        echeances: null,
      });
    }
  });

  it('is over when its last instalment is paid after the end, and loses its balance when nobody bills it', async () => {
    const parts = { contrat: contrat('2026-09-01', '2027-08-31') };
    const { client, numeroInterne, life } = await engagedByTheClock('ocapiat', 'SOLDE', parts);
    at(Date.parse('2027-09-02T00:00:00Z'));
    const dossier = await read(client, numeroInterne);
    expect(dossier.echeances.map(({ codification }) => codification)).toEqual(['1', '2', '3', '99']);
    const cfa = sandbox.world.cfa('ocapiat', 'sandbox-cfa-key-ocapiat');
    let numero = 0;
    const bill = async (rank: number) => {
      const json = factureOf([ligneOf(dossier, rank)], {
        numero: `F-${(numero += 1)}`,
        estCertificatRealisation: rank > 0,
      });
      const { status, body } = await client.send(formCall(facturesRoute(client), 'facture', json));
      expect(status).toBe(200);
      return cfa?.factures.get(String(body.numeroInterneFacture));
    };
    const paid: number[] = [];
    for (const rank of [0, 1, 2, 3]) {
      let facture = await bill(rank);
      // One that the OPCO rejects is billed again.
      while (facture?.rejet !== undefined) {
        at(facture.decidedAt);
        facture = await bill(rank);
      }
      paid.push(facture?.decidedAt ?? NaN);
    }
    const last = Math.max(...paid);
    const seen = [];
    for (const now of [last - 1, last, life.endAt + 1]) {
      at(now);
      seen.push(await etatOf(client, numeroInterne));
    }
    expect(seen.map(({ etat, commentaireEtat }) => [etat, commentaireEtat])).toEqual([
      ['ENGAGE', ''],
      ['SOLDE', ''],
      ['SOLDE', ''],
    ]);
    for (const { montantTotal, montantRegle } of (await read(client, numeroInterne)).echeances)
      expect(montantRegle).toBe(montantTotal);
    const other = await engagedByTheClock('ocapiat', 'SOLDE', parts);
    at(other.life.endAt);
    expect(await etatOf(client, other.numeroInterne)).toMatchObject({
      etat: 'SOLDE',
      commentaireEtat: 'Solde non facturé dans les quatre mois : perdu.',
    });
  });

  it('runs at the speed it is told', async () => {
    const { client, numeroInterne, life } = await engagedByTheClock('akto', 'SOLDE');
    at(life.decisionAt - 60_000);
    await control('clock', { speed: 1_000_000 });
    const etat = async (): Promise<string> => {
      const { etat: now } = await etatOf(client, numeroInterne);
      return now === 'EN_COURS_INSTRUCTION' ? etat() : now;
    };
    expect(await etat()).toBe('ENGAGE');
    await control('clock', { speed: 0 });
  });

  it.each(opcosV2)('of %s is broken by the route, from then on and with its day', async (opcoId) => {
    const { client, numeroInterne } = await withEngaged(sandbox, opcoId);
    const json = { numeroInterne, dateRupture: midnight('2026-10-15') };
    expect((await client.send({ route: 'POST v2/dossiers/rupture/employeur', json })).status).toBe(200);
    const { commentaireEtat, contrat: broken } = await etatOf(client, numeroInterne);
    expect(commentaireEtat).toBe('Contrat rompu le 2026-10-15.');
    expect(broken.dateRupture).toMatch(/^2026-10-15T00:00:00/);
  });

  it('stays in the state that a control call chose', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, 'akto');
    for (const etat of ['SOLDE', 'TRANSMIS', 'ANNULE', 'REFUSE', 'ENGAGE']) {
      await putInto(sandbox, { opcoId: 'akto', numeroInterne, etat });
      await control('clock', { advanceSeconds: 400 * 86_400 });
      expect((await etatOf(client, numeroInterne)).etat).toBe(etat);
    }
  });
});
