import type { OpcoId } from '../../src/core/endpoint.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { aCerfa, conventionOf, factureOf, facturesRoute, formCall, ligneOf } from '../support/norm-bodies.js';
import { clientOf, controlOf, type NormClient } from '../support/norm-client.js';
import { freshMorning, putInto, read, withEngaged } from '../support/norm-journey.js';

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

describe('the money of a dossier', () => {
  const engaged = async (opcoId: OpcoId, parts: object) => {
    const client = await clientOf(sandbox, opcoId);
    const { body } = await client.send({ route: 'POST v1/dossiers', json: { cerfa: aCerfa({ rank: 5, ...parts }) } });
    const numeroInterne = String(body.numeroInterne);
    await putInto(sandbox, { opcoId, numeroInterne, etat: 'ENGAGE' });
    return { client, numeroInterne };
  };
  const percents = async (client: NormClient, numeroInterne: string) => {
    const { echeances } = await read(client, numeroInterne);
    const total = echeances.reduce((sum, { montantTotal }) => sum + montantTotal, 0);
    return echeances.map(({ montantTotal }) => Math.round((montantTotal / total) * 100));
  };

  it('follows the day on which the contract was concluded', async () => {
    const year = (conclusion: string) => ({ contrat: contrat('2025-07-01', '2026-06-30', conclusion) });
    const before = await engaged('atlas', year('2025-06-30'));
    expect(await percents(before.client, before.numeroInterne)).toEqual([40, 30, 30]);
    await control('reset', { seed: 'spec' });
    const since = await engaged('atlas', year('2025-07-01'));
    expect(await percents(since.client, since.numeroInterne)).toEqual([40, 30, 20, 10]);
  });

  it('has its extras from the convention, billed with the instalments that they belong to', async () => {
    const { client, numeroInterne } = await engaged('akto', {});
    const couts = {
      nombreRepasTotaux: 10,
      nombreHebergementTotaux: 2,
      montantPremierEquipement: 300,
      montantRQTHAnnee1: 1000,
      mentionMobilitéInternationale: true,
    };
    const bare = await read(client, numeroInterne);
    const convention = conventionOf(numeroInterne, { couts });
    expect((await client.send(formCall('POST v1/conventions', 'convention', convention))).status).toBe(200);
    const dossier = await read(client, numeroInterne);
    expect(dossier).toMatchObject({
      engagementsFraisAnnexe: [
        { natureFrais: 'Restauration', quantite: 10, prixUnitaire: 3, montantTotal: 30 },
        { natureFrais: 'Hebergement', quantite: 2, prixUnitaire: 6, montantTotal: 12 },
      ],
      detailsFacturation: { plafondFraisPremierEquipement: 300, plafondFraisMobilite: 1000 },
    });
    expect(dossier.echeances.slice(0, 4)).toMatchObject(
      [400, 300, 200, 100].map((dontMajorationRqth, rank) => ({
        dontMajorationRqth,
        montantTotal: (bare.echeances[rank]?.montantTotal ?? NaN) + dontMajorationRqth,
      })),
    );
    at(Date.parse('2027-04-01T00:00:00Z'));
    const bill = async (rank: number, natureLigne: string, montant: number) => {
      const json = factureOf([ligneOf(dossier, rank, { natureLigne, montant })], {
        numero: `${rank} ${natureLigne} ${montant}`,
        estCertificatRealisation: rank > 0,
      });
      return (await client.send(formCall(facturesRoute(client), 'facture', json))).status;
    };
    expect([await bill(0, 'PREMIEREQUIPEMENT', 300.01), await bill(1, 'PREMIEREQUIPEMENT', 300)]).toEqual([400, 400]);
    expect([await bill(0, 'RESTAURATION', 30), await bill(1, 'RESTAURATION', 30.01)]).toEqual([400, 400]);
    expect([await bill(0, 'MAJORATION_RQTH', 400.01), await bill(2, 'MAJORATION_RQTH', 200)]).toEqual([400, 400]);
    expect([
      await bill(0, 'PREMIEREQUIPEMENT', 300),
      await bill(0, 'MAJORATION_RQTH', 400),
      await bill(1, 'RESTAURATION', 30),
      await bill(1, 'HEBERGEMENT', 12),
      await bill(1, 'MOBILITE', 1000),
    ]).toEqual([200, 200, 200, 200, 200]);
    const after = await read(client, numeroInterne);
    expect(after.echeances[0]?.montantEnCoursInstruction).toBe(400);
    // Extras have one ceiling over the whole dossier, the uplift one for each instalment.
    at(Date.parse('2027-07-01T00:00:00Z'));
    expect([await bill(2, 'RESTAURATION', 1), await bill(2, 'MAJORATION_RQTH', 200)]).toEqual([400, 200]);
  });

  it('is refused in a convention that names no amounts', async () => {
    const { client, numeroInterne } = await engaged('akto', {});
    const convention = conventionOf(numeroInterne, { couts: { nombreRepasTotaux: 'dix' } });
    expect((await client.send(formCall('POST v1/conventions', 'convention', convention))).status).toBe(400);
  });

  it('is, once the contract is broken, what ran until that day, and nothing once it is settled', async () => {
    const { client, numeroInterne, dossier } = await withEngaged(sandbox, 'akto');
    const bill = async (montant: number) => {
      const json = factureOf([ligneOf(await read(client, numeroInterne), 0, { montant })], { numero: `M-${montant}` });
      return client.send(formCall(facturesRoute(client), 'facture', json));
    };
    // Thirty days of a first year of which 40 % had opened.
    const body = { numeroInterne, dateRupture: midnight('2026-09-30') };
    expect((await client.send({ route: 'POST v2/dossiers/rupture/employeur', json: body })).status).toBe(200);
    const { echeances } = await read(client, numeroInterne);
    const whole = (dossier.echeances[0]?.montantTotal ?? NaN) / 0.4;
    expect(echeances).toHaveLength(1);
    const due = echeances[0]?.montantTotal ?? NaN;
    expect(due).toBeCloseTo((whole * 30) / 365, 1);
    expect([(await bill(due + 0.01)).status, (await bill(due)).status]).toEqual([400, 200]);
    await putInto(sandbox, { opcoId: 'akto', numeroInterne, etat: 'SOLDE' });
    expect((await bill(0.01)).status).toBe(409);
  });

  it('ends today where a control call breaks the contract', async () => {
    const { client, numeroInterne } = await withEngaged(sandbox, 'atlas');
    await putInto(sandbox, { opcoId: 'atlas', numeroInterne, etat: 'RUPTURE' });
    const { body } = await client.send({ route: 'GET v1/dossiers', query: { numeroInterne } });
    expect(body.cerfa.contrat.dateRupture).toBe('2026-11-02T00:00:00Z');
    expect(body.echeances).toHaveLength(1);
  });

  it('of a new CFA opens with month 3, against a certificate', async () => {
    const opcoId = 'ocapiat';
    const apiKey = `sandbox-cfa-key-${opcoId}`;
    await control('cfas', { opcoId, apiKey, dateDebutActivite: '2026-03-02' });
    const { client, dossier } = await withEngaged(sandbox, opcoId);
    expect(dossier.echeances[0]).toMatchObject({ dateOuverture: '2026-11-01T00:00:00+00:00' });
    const bill = (estCertificatRealisation: boolean) =>
      client.send(
        formCall(facturesRoute(client), 'facture', factureOf([ligneOf(dossier)], { estCertificatRealisation })),
      );
    at(Date.parse('2026-10-31T12:00:00Z'));
    expect((await bill(true)).status).toBe(400);
    at(Date.parse('2026-11-01T12:00:00Z'));
    expect([(await bill(false)).status, (await bill(true)).status]).toEqual([400, 200]);
    await control('reset', { seed: 'spec' });
    // Six months to the day: not new any more.
    await control('cfas', { opcoId, apiKey, dateDebutActivite: '2026-03-01' });
    const later = await withEngaged(sandbox, opcoId);
    expect(later.dossier.echeances[0]).toMatchObject({ dateOuverture: '2026-09-01T00:00:00+00:00' });
  });

  it('comes back when an invoice is rejected, in its own time', async () => {
    const { client, numeroInterne, dossier } = await withEngaged(sandbox, 'akto');
    const cfa = sandbox.world.cfa('akto', 'sandbox-cfa-key-akto');
    for (let rank = 0; rank < 300; rank += 1) {
      const json = factureOf([ligneOf(dossier, 0, { montant: 1 })], { numero: `F-${rank}` });
      const { body } = await client.send(formCall(facturesRoute(client), 'facture', json));
      const facture = cfa?.factures.get(String(body.numeroInterneFacture));
      if (facture?.rejet === undefined) continue;
      const enCours = async () => (await read(client, numeroInterne)).echeances[0]?.montantEnCoursInstruction ?? NaN;
      at(facture.instructionAt);
      const before = await enCours();
      for (const other of cfa?.factures.values() ?? [])
        if (other !== facture) other.forced = { etat: 'TRANSMISE', commentaire: '' };
      at(facture.decidedAt);
      expect(await enCours()).toBe(before - 1);
      const { body: page } = await client.send({ route: 'GET v2/factures/etats' });
      const row = page.factures.find(
        (each: { referenceFactureCFA: string }) => each.referenceFactureCFA === `F-${rank}`,
      );
      expect(row).toMatchObject({ etatFacture: 'REJETEE', referenceVirement: null, dateReglement: null });
      expect(row.commentaire).toBe(facture.rejet);
      return;
    }
    throw new Error('no rejected invoice in three hundred');
  });
});
