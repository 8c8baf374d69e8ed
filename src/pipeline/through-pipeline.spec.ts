import { Controller, Get, Module, Post, type DynamicModule, type Provider } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { fail } from '../core/errors.js';
import type { Exchange } from '../core/exchange.js';
import { aPipeline } from '../../test/support/a-pipeline.js';
import { aDepositCall, anAdapter, aTenant, ManualClock } from '../../test/support/an-exchange.js';
import { CurrentExchange } from './current-exchange.decorator.js';
import { HttpExchanges, type PipelineRequest } from './http-exchanges.js';
import { pipeline } from './pipeline.js';
import { ThroughPipeline } from './through-pipeline.decorator.js';

interface Shown {
  readonly failure: string | undefined;
  readonly stages: readonly string[];
  readonly query: unknown;
  readonly cache: string | undefined;
  readonly demand: unknown;
}

const show = (exchange: Exchange): Shown => ({
  failure: exchange.failure?.code,
  stages: exchange.timings.map(([name]) => name),
  query: exchange.call.query,
  cache: exchange.peek('reply')?.cacheStatus,
  demand: exchange.call.cache,
});

@Controller(':opcoId')
class Routes {
  @Get('dossiers/:numeroInterne')
  @ThroughPipeline({ endpoint: 'dossier' })
  dossier(@CurrentExchange() exchange: Exchange): Shown {
    return show(exchange);
  }

  @Get('asked')
  @ThroughPipeline({
    endpoint: 'dossier',
    ask: (raw, adapter) => {
      if (raw['bad']) throw fail('VALIDATION_ERROR');
      return { numeroInterne: `${adapter.id}-1` };
    },
  })
  asked(@CurrentExchange() exchange: Exchange): Shown {
    return show(exchange);
  }

  @Post('dossiers')
  @ThroughPipeline({ endpoint: 'depositDossier', upTo: 'validate-request' })
  deposit(@CurrentExchange() exchange: Exchange): Shown {
    return show(exchange);
  }
}

@Module({})
class Wiring {
  static of(): DynamicModule {
    const clock = new ManualClock();
    const { stages } = aPipeline(clock);
    const rooms: Provider[] = pipeline.map((room, index) => ({ provide: room.stage, useValue: stages[index] }));
    const exchanges = {
      provide: HttpExchanges,
      useValue: new HttpExchanges(clock, (id) => (id === 'akto' ? anAdapter() : undefined)),
    };
    return { module: Wiring, controllers: [Routes], providers: [...rooms, exchanges] };
  }
}

describe('a route through the pipeline', () => {
  let app: NestFastifyApplication;

  beforeAll(async () => {
    const wiring = await Test.createTestingModule({ imports: [Wiring.of()] }).compile();
    app = wiring.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    const tenant = aTenant();
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (request, _reply, done) => {
        Object.assign(request as unknown as PipelineRequest, { tenant });
        done();
      });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });

  afterAll(() => app.close());

  const get = async (url: string, headers: Record<string, string> = {}) =>
    JSON.parse((await app.inject({ url, headers })).payload) as Shown;

  it('passes the ten stages in their order, parameters of path and query in one question', async () => {
    const shown = await get('/akto/dossiers/N-1?page=2');
    expect(shown.stages).toEqual(pipeline.map((room) => room.name));
    expect(shown.query).toEqual({ numeroInterne: 'N-1', page: '2' });
    expect(shown.cache).toBe('miss');
  });

  it('skips to record after a hit', async () => {
    await get('/akto/dossiers/N-2');
    expect((await get('/akto/dossiers/N-2')).stages).toEqual([
      'resolve-adapter',
      'validate-request',
      'read-cache',
      'record',
    ]);
  });

  it("hands on the client's demands of the cache", async () => {
    expect((await get('/akto/dossiers/N-3', { 'cache-control': 'no-cache' })).demand).toEqual({ noCache: true });
  });

  it('records an unknown OPCO', async () => {
    expect(await get('/nobody/dossiers/N-1')).toMatchObject({
      failure: 'UNKNOWN_OPCO',
      stages: ['resolve-adapter', 'record'],
    });
  });

  it("asks in the OPCO's terms where the route's own differ, and records a refusal of the route's", async () => {
    expect(await get('/akto/asked')).toMatchObject({ query: { numeroInterne: 'akto-1' }, cache: 'miss' });
    expect(await get('/akto/asked?bad=1')).toMatchObject({ failure: 'VALIDATION_ERROR', stages: ['record'] });
  });

  it('judges a deposit, sends nothing, and records', async () => {
    const payload = aDepositCall().body as object;
    const response = await app.inject({ method: 'POST', url: '/akto/dossiers', payload });
    expect(JSON.parse(response.payload)).toMatchObject({ stages: ['resolve-adapter', 'validate-request', 'record'] });
  });
});
