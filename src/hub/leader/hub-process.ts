import { randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.js';
import type { Env } from '../../platform/config/env.js';
import { hubKeysOf, instanceSecret } from '../../platform/config/hub-secrets.js';
import type { Database } from '../../platform/database/database.js';
import type { Learnt } from '../bucket/learnt.js';
import { besideHub } from '../central/beside.js';
import { Hub } from '../central/hub.js';
import type { BudgetSizes } from '../central/sizes.js';
import type { InstancePermits } from '../instance/instance-permits.js';
import { leaseTimesOf } from '../leases/lease-book.js';
import type { Line, Listener } from '../link.js';
import type { Timers } from '../timers.js';
import { askToken } from '../wire/ask-token.js';
import { dialHub } from '../wire/dial-hub.js';
import { KeptLine } from '../wire/kept-line.js';
import type { IssuedToken } from '../wire/tokens.js';
import { HubDoor } from './hub-door.js';
import { Lead, type Reign } from './lead.js';
import { LeaderRepository, type Term } from './leader.repository.js';

/** What the hub's side of a process is made of. */
export interface HubProcessParts {
  readonly env: Env;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly sizes: BudgetSizes;
  readonly permits: InstancePermits;
  readonly database: Database;
  readonly log: Logger;
}

/** The name of this process at the hub. */
export function nameAtHub(env: Env): string {
  return env.OPCOVIA_HUB_INSTANCE ?? `opcovia-${randomBytes(6).toString('hex')}`;
}

/**
 * The hub's side of a process. With role `hub` it leads when nobody does; whoever leads, the permits of this process come from there.
 *
 *     permits ──▶ hub beside, while this process leads
 *        └──────▶ kept line to the hub elsewhere, while it does not
 */
export class HubProcess {
  /** Absent in a process that is no hub, and where nobody could prove to be an instance. */
  readonly door: HubDoor | undefined;
  readonly #rows: LeaderRepository;
  readonly #lead: Lead | undefined;
  readonly #run = randomUUID();
  #hub: Hub | undefined;
  #stopped = false;

  constructor(
    private readonly parts: HubProcessParts,
    private readonly name: string,
  ) {
    const { env, clock, timers, database } = parts;
    this.#rows = new LeaderRepository(database, env.OPCOVIA_HUB_LEADER_SECONDS);
    if (!env.roles.has('hub')) return;
    const keys = hubKeysOf(env);
    this.door =
      keys &&
      new HubDoor({ env, keys, clock, timers, admitted: () => this.#lead?.look(), leading: () => this.#leading() });
    this.#lead = new Lead({
      ...{ clock, timers, rows: this.#rows },
      termMs: env.OPCOVIA_HUB_LEADER_SECONDS * 1000,
      keepMs: env.OPCOVIA_HUB_RATES_SECONDS * 1000,
      url: () => this.door?.url ?? '',
      begin: (term) => this.#begin(term),
      barred: (instances) => this.door?.bar(instances, (each) => this.#hub?.revoke(each, 'REVOKED')),
      onError: (err) => parts.log.warn({ context: 'hub', err }, 'the row of the leading hub cannot be reached'),
    });
  }

  /** Leads or follows from now on; both listeners of the process must be there. */
  async start(): Promise<void> {
    await this.#lead?.start();
    if (!this.#hub) this.#follow();
  }

  /** Gives everything back: the lease, the lead, the lines. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.parts.permits.close();
    await this.#lead?.stop();
    await this.door?.gateway.stop();
  }

  #leading(): { seats: Hub; epoch: number } | undefined {
    return this.#hub && this.#lead?.leads() ? { seats: this.#hub, epoch: this.#hub.epoch } : undefined;
  }

  #begin({ epoch, members, learnt }: Term): Reign {
    const { clock, timers, sizes, env, log, permits } = this.parts;
    const hub = new Hub({
      ...{ clock, timers, sizes, epoch, times: leaseTimesOf(env.OPCOVIA_HUB_LEASE_SECONDS) },
      leads: () => this.#lead?.leads() === true,
      predecessor: { members },
      learnt: learnt as Readonly<Record<string, Learnt>>,
      outdated: () => this.#lead?.look(),
    });
    this.#hub = hub;
    log.info({ context: 'hub', count: epoch }, 'this hub leads');
    if (this.#calls) permits.connect((listener) => besideHub(hub, this.name, listener));
    return { members: () => hub.members, learnt: () => hub.learnt(), end: () => this.#end(hub) };
  }

  #end(hub: Hub): void {
    this.#hub = undefined;
    this.parts.log.info({ context: 'hub', count: hub.epoch }, 'this hub leads no longer');
    hub.close('NOT_LEADING');
    this.#follow();
  }

  /** Whether this process calls OPCOs at all: one that does not takes no part of what others may use. */
  get #calls(): boolean {
    return [...this.parts.env.roles].some((role) => role !== 'hub');
  }

  #follow(): void {
    if (this.#calls && !this.#stopped) this.parts.permits.connect((listener) => this.#line(listener));
  }

  #line(listener: Listener): Line {
    const { env, clock, timers, log } = this.parts;
    const heartbeatMs = env.OPCOVIA_HUB_HEARTBEAT_SECONDS * 1000;
    const warn = (why: string) => log.warn({ context: 'hub' }, `the line to the hub: ${why}`);
    const dial = { clock, timers, heartbeatMs, run: this.#run, token: (url: string) => this.#token(url), warn };
    const fixed = env.OPCOVIA_HUB_URL;
    return new KeptLine(listener, {
      ...{ clock, timers, random: Math.random },
      find: () => (fixed ? Promise.resolve(fixed) : this.#rows.url()),
      dial: (url, heard) => dialHub(url, dial, heard),
      ...(!fixed && { lookMs: (env.OPCOVIA_HUB_LEADER_SECONDS * 1000) / 3 }),
    });
  }

  #token(url: string): Promise<IssuedToken> {
    const { env, clock } = this.parts;
    if (this.door) return this.door.tokens.issue(this.name);
    if (!env.OPCOVIA_HUB_INSTANCE_SECRET) return Promise.reject(new Error('No secret'));
    const secret = instanceSecret(env.OPCOVIA_HUB_INSTANCE_SECRET);
    return askToken(url, { instance: this.name, secret, clock });
  }
}
