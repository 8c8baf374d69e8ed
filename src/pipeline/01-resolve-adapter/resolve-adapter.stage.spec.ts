import { advance } from '../../core/stage.js';
import { aCall, anAdapter, anExchange, aRead } from '../../../test/support/an-exchange.js';
import { ResolveAdapterStage } from './resolve-adapter.stage.js';

const adapter = anAdapter();

describe('resolve-adapter', () => {
  it('finds the adapter and the endpoint', async () => {
    const exchange = anExchange();
    await advance(new ResolveAdapterStage([adapter]), exchange);
    expect(exchange.read('adapter')).toBe(adapter);
    expect(exchange.read('endpoint')).toBe(aRead);
  });

  it.each(['AKTO', 'nobody', '__proto__', '../akto'])('answers 404 to %s', async (opcoId) => {
    const exchange = anExchange({}, aCall({ opcoId }));
    await advance(new ResolveAdapterStage([adapter]), exchange);
    expect(exchange.failure?.code).toBe('UNKNOWN_OPCO');
  });

  it('answers 501 with what is known when the OPCO lacks the endpoint', async () => {
    const exchange = anExchange({}, aCall({ endpoint: 'cfakeyinfo' }));
    await advance(new ResolveAdapterStage([adapter]), exchange);
    expect(exchange.failure?.code).toBe('NOT_SUPPORTED');
    expect(exchange.failure?.details.detail).toContain('pas encore en production');
  });

  it('serves a capability in test only where the operator enables it', async () => {
    const trial = anAdapter({ capabilities: { ...adapter.capabilities, dossier: { state: 'test' } } });
    const refused = anExchange();
    await advance(new ResolveAdapterStage([trial]), refused);
    expect(refused.failure?.code).toBe('NOT_SUPPORTED');
    const served = anExchange();
    await advance(
      new ResolveAdapterStage([trial], (opcoId, endpoint) => opcoId === 'akto' && endpoint === 'dossier'),
      served,
    );
    expect(served.read('endpoint')).toBe(aRead);
  });

  it('serves the version on trial in place of the one in production only where the operator enables it', async () => {
    const endpoint = { ...aRead };
    const trials = { dossier: { capability: { state: 'test', norm: 'v2' }, endpoint } } as const;
    const trying = anAdapter({ trials });
    const usual = anExchange();
    await advance(new ResolveAdapterStage([trying], (_opcoId, name) => name === 'dossier'), usual);
    expect(usual.read('endpoint')).toBe(aRead);
    const tried = anExchange();
    await advance(new ResolveAdapterStage([trying], (_opcoId, name) => name === 'dossier-v2'), tried);
    expect(tried.read('endpoint')).toBe(endpoint);
  });

  it('serves nothing that is absent, whatever the operator enables', async () => {
    const exchange = anExchange({}, aCall({ endpoint: 'cfakeyinfo' }));
    await advance(new ResolveAdapterStage([adapter], () => true), exchange);
    expect(exchange.failure?.code).toBe('NOT_SUPPORTED');
  });
});
