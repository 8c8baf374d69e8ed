import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../core/clock.js';
import type { Env } from '../../platform/config/env.js';
import { HubInstances, type HubKeys } from '../../platform/config/hub-secrets.js';
import type { Seats } from '../link.js';
import type { Timers } from '../timers.js';
import { HubGateway } from '../wire/hub.gateway.js';
import { TokenDesk } from '../wire/token-desk.js';
import { serveTokens } from '../wire/token.routes.js';
import { HubTokens } from '../wire/tokens.js';

/** What the door of a hub is made of. */
export interface DoorParts {
  readonly env: Env;
  readonly keys: HubKeys;
  readonly clock: Clock;
  readonly timers: Timers;
  /** An instance has been let in. */
  readonly admitted: () => void;
  /** The hub of this process while it surely leads. */
  leading(): { readonly seats: Seats; readonly epoch: number } | undefined;
}

/** Everything of a hub that other processes reach: tokens and lines, at the staff listener. */
export class HubDoor {
  readonly tokens: HubTokens;
  readonly gateway: HubGateway;
  readonly #desk: TokenDesk;
  #barred: ReadonlySet<string> = new Set();
  #server: Server | undefined;

  constructor(private readonly parts: DoorParts) {
    const { env, keys, clock, timers, admitted } = parts;
    const revoked = (instance: string) => this.#barred.has(instance);
    this.tokens = new HubTokens(keys, { lifeSeconds: env.OPCOVIA_HUB_TOKEN_SECONDS }, clock);
    this.#desk = new TokenDesk({
      ...{ tokens: this.tokens, instances: HubInstances.parse(env.OPCOVIA_HUB_INSTANCES ?? ''), clock, revoked },
      failuresPerMinute: env.OPCOVIA_HUB_TOKEN_FAILURES_PER_MINUTE,
    });
    this.gateway = new HubGateway({
      ...{ clock, timers, revoked, admitted, leading: () => parts.leading() },
      heartbeatMs: env.OPCOVIA_HUB_HEARTBEAT_SECONDS * 1000,
      messagesPerSecond: env.OPCOVIA_HUB_MESSAGES_PER_SECOND,
      origins: env.OPCOVIA_HUB_ORIGINS.split(',')
        .map((each) => each.trim())
        .filter(Boolean),
      handshakesPerSecond: env.OPCOVIA_HUB_HANDSHAKES_PER_SECOND,
      mostConnections: env.OPCOVIA_HUB_CONNECTIONS,
      verify: (token) => this.tokens.verify(token),
    });
  }

  /** Opens at this listener, before it listens. */
  mount(fastify: Pick<FastifyInstance, 'post' | 'server'>): void {
    serveTokens(fastify, this.#desk);
    this.gateway.serve(fastify.server);
    this.#server = fastify.server;
  }

  /** Where other processes reach this hub; empty while it listens nowhere. */
  get url(): string {
    const { OPCOVIA_HUB_ADVERTISED_URL: advertised, OPCOVIA_STAFF_HOST: host } = this.parts.env;
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (!address) return '';
    // Every address at once is none that anybody could go to.
    const name = ['0.0.0.0', '::', ''].includes(host) ? hostname() : host;
    return advertised ?? `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`;
  }

  /** From now on these are not let in, and those of them that are in are sent away. */
  bar(instances: readonly string[], send: (instance: string) => void): void {
    const before = this.#barred;
    this.#barred = new Set(instances);
    for (const instance of instances) {
      if (before.has(instance)) continue;
      send(instance);
      this.gateway.cut(instance);
    }
  }
}
