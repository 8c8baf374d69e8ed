import type { Provider } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import type { Permits } from '../core/permits.js';
import { PERMITS } from '../hub/hub.tokens.js';
import { adapters } from '../opco/adapters.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { Upstreams } from '../platform/config/upstreams.js';
import { OpcoClientsRepository } from '../tenancy/opco-clients.repository.js';
import { OpcoCredentialsRepository } from '../tenancy/opco-credentials.repository.js';
import { CallStage } from './06-call/call.stage.js';
import { DpopProofs } from './06-call/dpop.js';
import { OpcoClient } from './06-call/opco-client.js';
import { OpcoHealth } from './06-call/opco-health.js';
import { laneOf, routeClasses, type ClassTimes, type RouteClass } from './06-call/route-class.js';
import { AccessTokens } from './06-call/token.js';
import { Wire } from './06-call/wire.js';
import { RecordStage } from './10-record/record.stage.js';

/** Enough for the token server, whatever the calls do. */
const tokenConnections = 2;

const connections = new Map(
  adapters.flatMap(({ id, limits }) =>
    (['test', 'live'] as const).flatMap((environment) => [
      [laneOf(id, environment, 'token'), tokenConnections] as const,
      ...routeClasses.map((each) => [laneOf(id, environment, each), limits.concurrency] as const),
    ]),
  ),
);

function timesOf(env: Env): Readonly<Record<RouteClass, ClassTimes>> {
  const { OPCOVIA_UPSTREAM_DEPOSIT_MS: depositMs, OPCOVIA_UPSTREAM_READ_MS: readMs } = env;
  return {
    read: { totalMs: readMs, headersMs: Math.min(readMs, env.OPCOVIA_UPSTREAM_HEADERS_MS) },
    deposit: { totalMs: depositMs, headersMs: depositMs },
  };
}

/** Resolves after so many milliseconds of real time. */
export const waitFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** All that room 06 is made of. */
export const callProviders: Provider[] = [
  {
    provide: Wire,
    inject: [Env],
    useFactory: ({ OPCOVIA_UPSTREAM_CONNECT_MS: connectMs }: Env) =>
      new Wire({ connectMs, connectionsOf: (lane) => connections.get(lane) ?? tokenConnections }),
  },
  { provide: DpopProofs, inject: [CLOCK], useFactory: (clock: Clock) => new DpopProofs(clock) },
  { provide: OpcoHealth, inject: [CLOCK], useFactory: (clock: Clock) => new OpcoHealth(clock) },
  {
    provide: AccessTokens,
    inject: [Wire, OpcoClientsRepository, DpopProofs, CLOCK],
    useFactory: (wire: Wire, clients: OpcoClientsRepository, proofs: DpopProofs, clock: Clock) =>
      new AccessTokens(wire, clients, proofs, clock),
  },
  {
    provide: OpcoClient,
    inject: [Wire, AccessTokens, DpopProofs, OpcoCredentialsRepository, Env],
    useFactory: (
      ...[wire, tokens, proofs, credentials, env]: [Wire, AccessTokens, DpopProofs, OpcoCredentialsRepository, Env]
    ) => {
      const software = { editeur: env.OPCOVIA_EDITEUR, logiciel: env.OPCOVIA_LOGICIEL, version: env.OPCOVIA_VERSION };
      return new OpcoClient({ wire, tokens, proofs, credentials, software });
    },
  },
  {
    provide: CallStage,
    inject: [OpcoClient, Upstreams, OpcoHealth, PERMITS, RecordStage, Env],
    useFactory: (
      ...[client, upstreams, health, permits, probes, env]: [
        OpcoClient,
        Upstreams,
        OpcoHealth,
        Permits,
        RecordStage,
        Env,
      ]
    ) => {
      const chance = { random: Math.random, wait: waitFor };
      return new CallStage({ client, upstreams, health, permits, probes, ...chance, times: timesOf(env) });
    },
  },
];
