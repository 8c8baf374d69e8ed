import { aPipeline } from '../../test/support/a-pipeline.js';
import { aCall, aDepositCall, anAdapter, aRead, aTenant, ManualClock } from '../../test/support/an-exchange.js';

const names = (timings: readonly [string, number][]) => timings.map(([name]) => name);

describe('the pipeline from end to end', () => {
  it('answers a miss through all ten rooms, then a hit through four', async () => {
    const { runner, rows } = aPipeline(new ManualClock());
    const miss = await runner.run(aCall());
    expect(names(miss.timings)).toHaveLength(10);
    expect(miss.reply()).toMatchObject({ cacheStatus: 'miss' });
    const hit = await runner.run(aCall());
    expect(names(hit.timings)).toEqual(['resolve-adapter', 'validate-request', 'read-cache', 'record']);
    expect(hit.reply().cacheStatus).toBe('hit');
    expect(hit.answer().equals(miss.answer())).toBe(true);
    expect(hit.reply().etag).toBe(miss.reply().etag);
    expect(rows).toHaveLength(1);
  });

  it('records a question that was refused, and asks nobody', async () => {
    const { runner, observed, rows } = aPipeline(new ManualClock());
    const exchange = await runner.run(aCall({ query: {} }));
    expect(names(exchange.timings)).toEqual(['resolve-adapter', 'validate-request', 'record']);
    expect(observed).toMatchObject([{ outcome: 'VALIDATION_ERROR', upstreamCalls: 0 }]);
    expect(rows).toEqual([]);
  });

  it('gives an answer of yesterday when the OPCO is down, the same bytes and validator', async () => {
    const clock = new ManualClock();
    let up = true;
    const { runner } = aPipeline(clock, () =>
      Promise.resolve(
        up
          ? { status: 200, headers: {}, body: { numeroInterne: 'N-1', etat: 'ENGAGE' } }
          : { status: 500, headers: {}, body: {} },
      ),
    );
    const fresh = await runner.run(aCall());
    up = false;
    clock.pass(20 * 3600);
    const stale = await runner.run(aCall());
    expect(stale.reply()).toMatchObject({ cacheStatus: 'stale', etag: fresh.reply().etag });
    expect(stale.answer().equals(fresh.answer())).toBe(true);
    const demanded = await runner.run(aCall({ cache: { noCache: true } }));
    expect(demanded.failure?.code).toBe('UPSTREAM_ERROR');
  });

  it('gives no old answer once the OPCO refuses the key', async () => {
    const clock = new ManualClock();
    let status = 200;
    const { runner } = aPipeline(clock, () =>
      Promise.resolve({ status, headers: {}, body: { numeroInterne: 'N-1', etat: 'ENGAGE' } }),
    );
    await runner.run(aCall());
    clock.pass(600);
    status = 403;
    expect((await runner.run(aCall())).failure?.code).toBe('UPSTREAM_AUTH');
  });

  it('gives nothing out of the cache once the OPCO has refused the key, to this tenant', async () => {
    let status = 200;
    const { runner } = aPipeline(new ManualClock(), () =>
      Promise.resolve({ status, headers: {}, body: { numeroInterne: 'N-1', etat: 'ENGAGE' } }),
    );
    const ask = (numeroInterne: string, nom: string) =>
      runner.run(aCall({ query: { numeroInterne }, tenant: aTenant(nom) }));
    await Promise.all([ask('N-1', 'A'), ask('N-2', 'A'), ask('N-1', 'B')]);
    status = 401;
    await ask('N-3', 'A');
    for (const numero of ['N-1', 'N-2']) expect((await ask(numero, 'A')).failure?.code).toBe('UPSTREAM_AUTH');
    expect((await ask('N-1', 'B')).reply().cacheStatus).toBe('hit');
  });

  it('asks the OPCO once for a hundred identical questions at once, and once for each tenant', async () => {
    let calls = 0;
    const { runner } = aPipeline(new ManualClock(), async () => {
      calls += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return { status: 200, headers: {}, body: { numeroInterne: 'N-1', etat: 'ENGAGE' } };
    });
    const exchanges = await Promise.all(Array.from({ length: 100 }, () => runner.run(aCall())));
    expect(calls).toBe(1);
    expect(new Set(exchanges.map((exchange) => exchange.reply().etag)).size).toBe(1);
    await runner.run(aCall({ tenant: aTenant('another one') }));
    expect(calls).toBe(2);
  });

  it('shows a fresh state after a deposit, to its tenant', async () => {
    const states = { ...aRead, name: 'etats' as const, path: '/dossiers/etats' };
    const plain = anAdapter();
    const adapter = anAdapter({
      endpoints: { ...plain.endpoints, etats: states },
      capabilities: { ...plain.capabilities, etats: { state: 'supported' } },
    });
    let reads = 0;
    const clock = new ManualClock();
    const { runner } = aPipeline(
      clock,
      (order) => {
        if (order.request.method === 'GET') reads += 1;
        return Promise.resolve({ status: 200, headers: {}, body: { numeroInterne: 'N-1', etat: 'ENGAGE' } });
      },
      adapter,
    );
    const ask = (nom: string) => runner.run(aCall({ endpoint: 'etats', tenant: aTenant(nom) }));
    await Promise.all([ask('A'), ask('B')]);
    clock.pass(1);
    await runner.run(aDepositCall({ tenant: aTenant('A') }));
    clock.pass(1);
    expect([(await ask('A')).reply().cacheStatus, (await ask('B')).reply().cacheStatus]).toEqual(['miss', 'hit']);
    expect(reads).toBe(3);
  });

  it('names drift and keeps nothing of it', async () => {
    const { runner } = aPipeline(new ManualClock(), () =>
      Promise.resolve({ status: 200, headers: {}, body: { numeroInterne: 1 } }),
    );
    expect((await runner.run(aCall())).failure?.code).toBe('UPSTREAM_INVALID');
    expect((await runner.run(aCall())).upstreamCalls).toBe(1);
  });
});
