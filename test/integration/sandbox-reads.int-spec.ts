import { MemoryResponseCache } from '../../src/cache/memory-response-cache.js';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { systemClock } from '../../src/core/clock.js';
import { endpointNames, type EndpointName, type OpcoAdapter } from '../../src/core/endpoint.js';
import { adapters } from '../../src/opco/adapters.js';
import { ResolveAdapterStage } from '../../src/pipeline/01-resolve-adapter/resolve-adapter.stage.js';
import { ValidateRequestStage } from '../../src/pipeline/02-validate-request/validate-request.stage.js';
import { ReadCacheStage } from '../../src/pipeline/03-read-cache/read-cache.stage.js';
import { RateLimitStage } from '../../src/pipeline/04-rate-limit/rate-limit.stage.js';
import { TransformRequestStage } from '../../src/pipeline/05-transform-request/transform-request.stage.js';
import { CallStage } from '../../src/pipeline/06-call/call.stage.js';
import { DpopProofs } from '../../src/pipeline/06-call/dpop.js';
import { OpcoClient } from '../../src/pipeline/06-call/opco-client.js';
import { OpcoHealth } from '../../src/pipeline/06-call/opco-health.js';
import { AccessTokens } from '../../src/pipeline/06-call/token.js';
import { Wire } from '../../src/pipeline/06-call/wire.js';
import { TransformResponseStage } from '../../src/pipeline/07-transform-response/transform-response.stage.js';
import { ValidateResponseStage } from '../../src/pipeline/08-validate-response/validate-response.stage.js';
import { WriteCacheStage } from '../../src/pipeline/09-write-cache/write-cache.stage.js';
import { RecordStage } from '../../src/pipeline/10-record/record.stage.js';
import { KeyTrust } from '../../src/pipeline/key-trust.js';
import { PipelineRunner } from '../../src/pipeline/pipeline.runner.js';
import { budgetKey } from '../../src/core/keys.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { demoClient } from '../../src/sandbox/tokens.js';
import { demoCfaKey } from '../../src/sandbox/world.js';
import { permitsBesideHub } from '../support/a-hub.js';
import { aCall, aDepositCall } from '../support/an-exchange.js';
import { controlOf } from '../support/norm-client.js';

let sandbox: Sandbox;
let wire: Wire;
let runner: PipelineRunner;
let cfaKeyOf: (opcoId: string) => string;

function aRunner(): PipelineRunner {
  const proofs = new DpopProofs(systemClock);
  const credentials = {
    cfaKey: (_tenant: unknown, opcoId: string) => Promise.resolve(cfaKeyOf(opcoId)),
    software: (opcoId: string) => Promise.resolve(demoClient(opcoId)),
  };
  const tokens = new AccessTokens(wire, credentials, proofs, systemClock);
  const software = { editeur: 'Opcovia', logiciel: 'Opcovia', version: '0.1.0' };
  const cache = new MemoryResponseCache(systemClock, { bytes: 1_000_000 });
  const { permits, sizes } = permitsBesideHub(systemClock);
  for (const { id } of adapters) sizes.declare(budgetKey(id, 'test'), { rate: 100, burst: 100 });
  const locate = (opcoId: string) => ({
    environment: 'test' as const,
    baseUrl: new URL(`/${opcoId}`, sandbox.url),
    tokenUrl: new URL(`/${opcoId}/oauth/token`, sandbox.url),
  });
  const call = new CallStage({
    client: new OpcoClient({ wire, tokens, proofs, credentials, software }),
    upstreams: { locate },
    health: new OpcoHealth(systemClock),
    permits,
    probes: { run: () => Promise.resolve() },
    random: Math.random,
    wait: () => Promise.resolve(),
  });
  const trust = new KeyTrust(systemClock, () => new Promise(() => undefined));
  const resolve = new ResolveAdapterStage(adapters);
  const stages = [
    resolve,
    new ValidateRequestStage(),
    new ReadCacheStage(cache, trust),
    new RateLimitStage(permits),
    new TransformRequestStage(),
    call,
    new TransformResponseStage(cache, trust),
    new ValidateResponseStage({ note: () => undefined }),
    new WriteCacheStage(cache, Math.random),
    new RecordStage(
      { recordUpstreamCall: () => Promise.resolve() },
      { count: () => undefined },
      { observe: () => undefined },
    ),
  ];
  return new PipelineRunner(stages, systemClock, resolve);
}

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
});

afterAll(() => sandbox.stop());

beforeEach(() => {
  cfaKeyOf = demoCfaKey;
  wire = new Wire();
  runner = aRunner();
});

afterEach(() => wire.close());

const ask = (opcoId: string, endpoint: EndpointName, query: Record<string, unknown> = {}) =>
  runner.run(aCall({ opcoId, endpoint, query }));
const named = adapters.map((adapter): [string, OpcoAdapter] => [adapter.id, adapter]);

/** OPCO Santé takes no contracts yet. */
const withDossiers = named.filter(([, { capabilities }]) => capabilities.dossier.state === 'supported');

describe.each(named)('%s of the sandbox, asked through the pipeline over HTTP', (opcoId, adapter) => {
  it('says how it is, where it has a status', async () => {
    const exchange = await ask(opcoId, 'status');
    if (adapter.capabilities.status.state === 'supported')
      expect(exchange.reply().value()).toMatchObject({ status: 'healthy' });
    else expect(exchange.failure?.code).toBe('NOT_SUPPORTED');
  });

  it('has the routes that its adapter believes it has: two readings of the same matrix', async () => {
    const routes = (await controlOf(sandbox, 'capabilities')) as Record<
      string,
      { readonly capability: EndpointName; readonly dormant: boolean; readonly route: string }[]
    >;
    const read = endpointNames.map((name) => {
      const { state, norm } = adapter.capabilities[name];
      // Without a route of their own, certificates go as documents.
      const asked = name === 'depositCertificat' && opcoId !== 'afdas' ? 'depositDocument' : name;
      const there = routes[opcoId]?.filter(({ capability }) => capability === asked) ?? [];
      const served = there.filter(({ dormant }) => !dormant);
      const asBelieved = served.some(({ route }) => route.includes(` /${norm ?? ''}/`));
      if (served.length > 0) return [name, state === 'supported' && asBelieved] as const;
      return [name, there.length > 0 ? state === 'unknown' || state === 'test' : state === 'absent'] as const;
    });
    expect(read.filter(([, agreed]) => !agreed)).toEqual([]);
  });
});

describe.each(withDossiers)('%s of the sandbox, read through the pipeline over HTTP', (opcoId, adapter) => {
  it('takes a deposit, announced before it is sent; then lists states, and gives one dossier of them, twice the same bytes', async () => {
    let announced = 0;
    const beforeSend = () => Promise.resolve(void (announced += 1));
    const body = { cerfa: exampleCerfa() };
    const deposit = await runner.run(aDepositCall({ opcoId, body, beforeSend }));
    expect(deposit.reply().value()).toMatchObject({ numeroInterne: expect.any(String) as string });
    expect([announced, deposit.upstreamCalls]).toEqual([1, 1]);
    const etats = await ask(opcoId, 'etats', adapter.paging.kind === 'pages' ? { numeroPage: 1 } : {});
    const { data } = etats.reply().value() as { data: { numeroInterne: string }[] };
    expect(data.length).toBeGreaterThan(0);
    const numeroInterne = data[0]?.numeroInterne;
    const miss = await ask(opcoId, 'dossier', { numeroInterne });
    const hit = await ask(opcoId, 'dossier', { numeroInterne });
    expect(miss.reply().value()).toMatchObject({ cerfa: { numeroInterne } });
    expect([miss.reply().cacheStatus, hit.reply().cacheStatus, hit.upstreamCalls]).toEqual(['miss', 'hit', 0]);
    expect(hit.answer().equals(miss.answer())).toBe(true);
  });

  it('answers NOT_FOUND for a number it does not know', async () => {
    expect((await ask(opcoId, 'dossier', { numeroInterne: 'NO-SUCH-1' })).failure?.code).toBe('NOT_FOUND');
  });

  it('refuses a wrong key of the CFA as UPSTREAM_AUTH', async () => {
    cfaKeyOf = () => 'nobody-has-this-key';
    const exchange = await ask(opcoId, 'etats', adapter.paging.kind === 'pages' ? { numeroPage: 1 } : {});
    expect(exchange.failure).toMatchObject({ code: 'UPSTREAM_AUTH', details: { upstream: { opcoId } } });
  });
});

describe.each(withDossiers)('%s of the sandbox, when all it shows is dirty', (opcoId, adapter) => {
  it('is read through the pipeline all the same', async () => {
    sandbox.world.dirtRate = 1;
    await controlOf(sandbox, 'quotas', { opcoId, limit: 100_000 });
    await controlOf(sandbox, 'load', { opcoId, dossiers: 40, apiKey: demoCfaKey(opcoId) });
    for (const { numeroInterne } of sandbox.world.cfa(opcoId, demoCfaKey(opcoId))?.dossiers.values() ?? [])
      expect([numeroInterne, (await ask(opcoId, 'dossier', { numeroInterne })).failure]).toEqual([
        numeroInterne,
        undefined,
      ]);
    const etats = await ask(opcoId, 'etats', adapter.paging.kind === 'pages' ? { numeroPage: 1 } : {});
    expect(etats.failure).toBeUndefined();
  });
});
