import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { exampleComplet } from '../../src/core/contract/complet.js';
import { exampleDocument } from '../../src/core/contract/document.js';
import { exampleFacture } from '../../src/core/contract/facture.js';
import { morning } from '../support/norm-journey.js';
import { controlOf } from '../support/norm-client.js';
import { control, eventually, startProduct, type Product } from '../support/product.js';

const ended = ['completed', 'failed', 'cancelled', 'needs_review'];

describe('a deposit whose answer is lost', () => {
  let product: Product;
  let key: string;
  let rank = 0;

  beforeAll(async () => {
    product = await startProduct({ OPCOVIA_POLL_INTERVAL_SECONDS: '3600', OPCOVIA_UPSTREAM_DEPOSIT_MS: '2000' });
    await controlOf(product.sandbox, 'clock', { set: morning });
    key = await product.newTenant('CFA doubt');
  });
  afterAll(() => product.stop());

  const fault = (kind: string, over: object = {}) =>
    control(product.sandbox, '/_sandbox/faults', [{ opcoId: 'akto', method: 'POST', kind, times: 1, ...over }]);
  const deposit = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const { status, body: ticket } = await product.ask(key, 'POST', path, { body, headers });
    expect([status, ticket.errors]).toEqual([202, undefined]);
    return ticket.statusUrl as string;
  };
  const dossier = () => deposit('/akto/dossiers', { cerfa: exampleCerfa({ rank: (rank += 1) }) });
  const outcome = async (statusUrl: string) =>
    (
      await eventually(
        () => product.ask(key, 'GET', statusUrl),
        ({ body }) => ended.includes(body.status),
        40_000,
      )
    ).body;
  const ledger = () => product.sandbox.world.ledger.read({ opcoId: 'akto' });
  const effects = () => product.sandbox.world.ledger.read({ opcoId: 'akto', committed: true }).length;
  const sends = () => ledger().filter(({ method, path }) => method === 'POST' && path === '/akto/v2/dossiers').length;

  it.each([
    ['commit-then-reset', {}],
    ['commit-then-status', { status: 502 }],
    ['commit-late', { ms: 50, status: 504 }],
    ['truncate', {}],
    ['commit+invalid', {}],
  ])('is found at the OPCO after %s, and is not sent again', async (kind, over) => {
    const before = effects();
    await fault(kind, over);
    const job = await outcome(await dossier());
    expect(job).toMatchObject({ status: 'completed', outcome: 'applied', attempts: 1, result: { reconciled: true } });
    expect(effects() - before).toBe(1);
    const { body } = await product.ask(key, 'GET', `/akto/dossiers/${job.result.numeroInterne}`);
    expect(body.cerfa.numeroInterne).toBe(job.result.numeroInterne);
  });

  it('is sent again, once, when the OPCO never took it', async () => {
    const [before, sentBefore] = [effects(), sends()];
    await fault('reset-before-read');
    const job = await outcome(await dossier());
    expect(job).toMatchObject({ status: 'completed', outcome: 'applied' });
    expect(job.timeline.map(({ code }: { code: string }) => code)).toContain('check-none');
    expect(effects() - before).toBe(1);
    expect(sends() - sentBefore).toBeLessThanOrEqual(2);
  });

  it('is not believed lost because the OPCO shows its list late', async () => {
    const before = effects();
    await fault('commit-then-reset');
    await control(product.sandbox, '/_sandbox/faults', [
      { opcoId: 'akto', method: 'GET', kind: 'lookup-5xx', times: 2 },
    ]);
    expect(await outcome(await dossier())).toMatchObject({ status: 'completed', result: { reconciled: true } });
    expect(effects() - before).toBe(1);
  });

  it('goes to a person where the OPCO cannot be looked at, and is settled by what that person found', async () => {
    const before = effects();
    await fault('commit-then-reset');
    await control(product.sandbox, '/_sandbox/faults', [
      { opcoId: 'akto', method: 'GET', kind: 'lookup-501', times: 1 },
    ]);
    const url = await dossier();
    expect(await outcome(url)).toMatchObject({ status: 'needs_review', outcome: 'unknown' });
    expect(effects() - before).toBe(1);
    const resolve = (body: unknown) => product.ask(key, 'POST', `${url}/resolve`, { body });
    expect((await resolve({ outcome: 'perhaps' })).status).toBe(400);
    const settled = await resolve({ outcome: 'applied', numeroInterne: '1234567' });
    expect([settled.status, settled.body.status, settled.body.outcome]).toEqual([200, 'completed', 'applied']);
    expect((await resolve({ outcome: 'not_applied', action: 'retry' })).status).toBe(409);
  });

  it('of a type that the norm shows nowhere goes to a person at once', async () => {
    const { numeroInterne } = (await outcome(await dossier())).result;
    const before = effects();
    await fault('commit-then-reset');
    expect(await outcome(await deposit('/akto/documents', exampleDocument(numeroInterne)))).toMatchObject({
      status: 'needs_review',
      outcome: 'unknown',
    });
    expect(effects() - before).toBe(1);
  });

  it('is an invoice that its row in factures/etats shows', async () => {
    const { numeroExterne } = (await outcome(await dossier())).result;
    const { lignes, ...facture } = exampleFacture('F-doubt', numeroExterne);
    const body = { ...facture, montantTotal: 100, lignes: [{ ...lignes[0], montant: 100 }] };
    const before = effects();
    await fault('commit-then-reset');
    const job = await outcome(await deposit('/akto/factures', body));
    expect(job).toMatchObject({ status: expect.stringMatching(/completed|failed/) });
    if (job.status === 'completed') {
      expect(job.result).toMatchObject({ reconciled: true, numeroInterneFacture: expect.any(String) });
      expect(effects() - before).toBe(1);
    }
  });

  it('goes on with its next step when it is the first of a composite one', async () => {
    const { dossier: _, ...rest } = exampleComplet();
    const before = effects();
    await fault('commit-then-reset', { path: '/v2/dossiers' });
    const url = await deposit('/akto/dossiers/complet', {
      ...rest,
      dossier: { cerfa: exampleCerfa({ rank: (rank += 1) }) },
    });
    const job = await outcome(url);
    expect(job).toMatchObject({
      type: 'complet',
      status: 'completed',
      outcome: 'applied',
      progress: { step: 3, total: 3 },
      steps: [{ status: 'completed', result: { reconciled: true } }, { status: 'completed' }, { status: 'completed' }],
    });
    expect(effects() - before).toBe(3);
  });

  it('is told by a dry run beforehand, and by 501 where the OPCO lacks one of its steps', async () => {
    const { dossier: _, ...rest } = exampleComplet();
    const body = { ...rest, dossier: { cerfa: exampleCerfa({ rank: (rank += 1) }) } };
    const dry = await product.ask(key, 'POST', '/akto/dossiers/complet?dryRun=true', { body });
    expect([dry.status, dry.body.valid]).toEqual([200, true]);
    const lacking = await product.ask(key, 'POST', '/afdas/dossiers/complet', { body });
    expect([lacking.status, lacking.body.code]).toEqual([501, 'NOT_SUPPORTED']);
    const unnamed = { ...body, documents: [{ typeFichier: 'cerfa', fichier: 'absent.pdf' }] };
    const refused = await product.ask(key, 'POST', '/akto/dossiers/complet', { body: unnamed });
    expect([refused.status, refused.body.code]).toEqual([422, 'BUSINESS_RULE']);
  });
});
