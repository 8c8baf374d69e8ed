import { setImmediate as turn } from 'node:timers/promises';
import { Module, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import Type from 'typebox';
import { ApiKeyStrategy } from '../../src/api/admission/api-key.strategy.js';
import { TenantGuard } from '../../src/api/admission/tenant.guard.js';
import { harden, strictAdapter } from '../../src/api/harden.js';
import { DepositDoor } from '../../src/api/opco/accept.js';
import { DossiersController } from '../../src/api/opco/dossiers.controller.js';
import { EtatsPages } from '../../src/api/opco/etats-pages.js';
import { FacturesController } from '../../src/api/opco/factures.controller.js';
import { StatusController } from '../../src/api/opco/status.controller.js';
import type { MemoryResponseCache } from '../../src/cache/memory-response-cache.js';
import type { Clock } from '../../src/core/clock.js';
import type { Endpoint, EndpointName, OpcoAdapter } from '../../src/core/endpoint.js';
import { fail } from '../../src/core/errors.js';
import type { CacheAddress } from '../../src/core/response-cache.js';
import type { Stage } from '../../src/core/stage.js';
import type { Tenant } from '../../src/core/tenant.js';
import { InboundLimits } from '../../src/hub/inbound/inbound-limits.js';
import { OpcoHealth } from '../../src/pipeline/06-call/opco-health.js';
import { DriftWatch } from '../../src/pipeline/08-validate-response/drift-watch.js';
import { RecordStage } from '../../src/pipeline/10-record/record.stage.js';
import type { ResolveAdapterStage } from '../../src/pipeline/01-resolve-adapter/resolve-adapter.stage.js';
import type { ReadCacheStage } from '../../src/pipeline/03-read-cache/read-cache.stage.js';
import { FastLaneRunner } from '../../src/pipeline/fast-lane.runner.js';
import { HttpExchanges } from '../../src/pipeline/http-exchanges.js';
import { OPERATOR_ENABLES } from '../../src/pipeline/operator-enables.js';
import { PipelineMeter } from '../../src/pipeline/pipeline-meter.js';
import { pipeline } from '../../src/pipeline/pipeline.js';
import { PipelineRunner } from '../../src/pipeline/pipeline.runner.js';
import { readEnv } from '../../src/platform/config/read-env.js';
import { Readiness } from '../../src/platform/health/readiness.js';
import { createLog } from '../../src/platform/logging/log.js';
import { LOG } from '../../src/platform/logging/log.token.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { BacklogGate } from '../../src/queue/backlog-gate.js';
import { FileStore } from '../../src/queue/file-store.js';
import { Admission } from '../../src/tenancy/admission.js';
import { aPipeline, type PlayedOpco } from './a-pipeline.js';
import { anAdapter, aRead } from './an-exchange.js';

/** One request at the door. */
export interface Knock {
  readonly method: 'GET' | 'HEAD';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The door with its hooks, guard, interceptors and handlers over rooms in memory, and all that it writes down. */
export interface Door {
  /** The whole answer: status, fields without the date, body. */
  ask(knock: Knock): Promise<{ status: number; headers: Record<string, unknown>; body: string }>;
  /** Every log line, audit row, counted hit and metric so far, without durations. */
  traces(): Promise<unknown>;
  forget(tenant: Tenant, entity: string): Promise<void>;
  /** Answers that the fast lane gave. */
  answeredFast(): number;
  close(): Promise<void>;
}

/** What a door is made of; two doors of the same parts must be one and the same to everybody. */
export interface DoorParts {
  readonly clock: Clock;
  readonly paging: OpcoAdapter['paging'];
  readonly tenants: ReadonlyMap<string, Tenant>;
  readonly opco: PlayedOpco;
  readonly fastLane: boolean;
}

const rowsRead = (name: EndpointName, path: string): Endpoint => ({
  ...aRead,
  name,
  path,
  query: Type.Object({ numeroPage: Type.Optional(Type.Integer({ minimum: 1 })) }, { additionalProperties: false }),
  answer: Type.Object({ data: Type.Array(Type.Unknown()), page: Type.Integer() }),
  toRequest: ({ query }) => ({ method: 'GET', segments: [name], query: { page: String(query['numeroPage'] ?? 1) } }),
  ttlSeconds: () => 40,
});

const plainRead = (name: EndpointName, path: string): Endpoint => ({
  ...aRead,
  name,
  path,
  query: Type.Object({}, { additionalProperties: false }),
  answer: Type.Object({}),
  toRequest: () => ({ method: 'GET', segments: [name], query: {} }),
});

function servedBy(paging: OpcoAdapter['paging']): OpcoAdapter {
  const endpoints = {
    dossier: aRead,
    etats: rowsRead('etats', '/dossiers/etats'),
    facturesEtats: rowsRead('facturesEtats', '/factures/etats'),
    cfakeyinfo: plainRead('cfakeyinfo', '/cfakeyinfo'),
    status: plainRead('status', '/status'),
  };
  const { capabilities, ...adapter } = anAdapter({ endpoints, paging });
  const supported = Object.fromEntries(Object.keys(endpoints).map((name) => [name, { state: 'supported' as const }]));
  return { ...adapter, capabilities: { ...capabilities, ...supported } };
}

/** Remembers one key and has to look up any other, as after a start. */
const admissionOf = (tenants: DoorParts['tenants']) => {
  const [known] = tenants.keys();
  return {
    peek: (presented: unknown) => (presented === known ? tenants.get(String(presented)) : undefined),
    admitTenant: async (presented: unknown) => {
      await turn();
      const tenant = tenants.get(String(presented));
      if (!tenant) throw fail('HTTP_ERROR');
      return tenant;
    },
  };
};

/** Refuses each seventh request of a key. */
const limitsFor = () => {
  const asked = new Map<string, number>();
  const decide = ({ keyId }: Tenant) => {
    const count = (asked.get(keyId) ?? 0) + 1;
    asked.set(keyId, count);
    const remaining = { tenant: 100, key: 7 - (count % 7) };
    return count % 7 === 0 ? { remaining, refusal: { by: 'key' as const, waitSeconds: 3 } } : { remaining };
  };
  return { quota: { tenant: 600, key: 60 }, decide };
};

/** Builds a door. */
export async function aDoor({ clock, paging, tenants, opco, fastLane }: DoorParts): Promise<Door> {
  const rig = aPipeline(clock, opco, servedBy(paging));
  if (!fastLane) keepElsewhere(rig.cache);
  const metrics = new Metrics();
  const lines: string[] = [];
  const hits: string[] = [];
  const record = new RecordStage(
    { recordUpstreamCall: (row) => Promise.resolve(void rig.rows.push(row)) },
    { count: (...hit) => hits.push(hit.join(' ')) },
    new PipelineMeter(metrics),
  );
  const stages: Stage[] = [...rig.stages.slice(0, -1), record];
  const exchanges = new HttpExchanges(clock, (id) => (id === 'akto' ? servedBy(paging) : undefined));
  const [resolveAdapter, validateRequest, readCache] = stages as [ResolveAdapterStage, Stage, ReadCacheStage];
  const lane = new FastLaneRunner(exchanges, { resolveAdapter, validateRequest, readCache, record });
  let fast = 0;
  const counted = { run: (...way: Parameters<FastLaneRunner['run']>) => tap(lane.run(...way), () => (fast += 1)) };
  const made = new Map<unknown, unknown>([
    [Admission, admissionOf(tenants)],
    [InboundLimits, limitsFor()],
    [Metrics, metrics],
    [LOG, createLog('info', { write: (line) => void lines.push(line) })],
    [FileStore, {}],
    [BacklogGate, { refusal: () => undefined }],
    [Readiness, { draining: false }],
    [HttpExchanges, exchanges],
    [FastLaneRunner, counted],
    [PipelineRunner, new PipelineRunner(stages, clock, resolveAdapter)],
    [OpcoHealth, rig.health],
    [DriftWatch, { observed: () => [] }],
    [DepositDoor, {}],
    [OPERATOR_ENABLES, () => false],
    ...pipeline.map(({ stage }, index) => [stage, stages[index]] as const),
  ]);
  const app = await appOf(made, fastLane);
  return {
    ask: (knock) => askApp(app, knock),
    traces: async () => ({ lines: lines.map(bare), rows: rig.rows, hits, metrics: await countsOf(metrics) }),
    forget: (tenant, entity) => rig.cache.forget('akto', tenant.hash, [entity]),
    answeredFast: () => fast,
    close: () => app.close(),
  };
}

/** As with a store in another process: nothing is there at once, not even for the interceptors. */
function keepElsewhere(cache: MemoryResponseCache): void {
  const peek = cache.peek.bind(cache);
  Object.assign(cache, { peek: undefined, read: (address: CacheAddress) => turn().then(() => peek(address)) });
}

function tap<T>(value: T | undefined, seen: () => void): T | undefined {
  if (value !== undefined) seen();
  return value;
}

@Module({})
class Wiring {}

async function appOf(made: ReadonlyMap<unknown, unknown>, fastLane: boolean): Promise<NestFastifyApplication> {
  const values = [...made].map(([provide, useValue]) => ({ provide, useValue }) as Provider);
  const providers: Provider[] = [...values, ApiKeyStrategy, { provide: APP_GUARD, useClass: TenantGuard }, EtatsPages];
  const controllers = [StatusController, DossiersController, FacturesController];
  const wiring = await Test.createTestingModule({ imports: [{ module: Wiring, controllers, providers }] }).compile();
  const env = readEnv({});
  const app = wiring.createNestApplication<NestFastifyApplication>(strictAdapter(env), { bodyParser: false });
  harden(app, env, { fastLane });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

async function askApp(app: NestFastifyApplication, { method, url, headers }: Knock) {
  const answer = await app.inject({ method, url, headers });
  // The log line comes after the answer; a turn also lets go of what the injected request holds.
  await turn();
  const { date: _, ...fields } = answer.headers;
  return { status: answer.statusCode, headers: fields, body: answer.rawPayload.toString('latin1') };
}

/** A log line without what a watch says. */
function bare(line: string): unknown {
  const { time: _, ms: __, ...fields } = JSON.parse(line) as Record<string, unknown>;
  return fields;
}

/** The counters, and how often each histogram was fed. */
async function countsOf(metrics: Metrics): Promise<unknown> {
  const text = await metrics.registry.metrics();
  return text.split('\n').filter((line) => line !== '' && !/^#|_bucket\{|_sum\{/.test(line));
}
