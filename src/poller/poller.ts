import { setMaxListeners } from 'node:events';
import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { SchedulerRegistry } from '@nestjs/schedule';
import { asOpcoviaError } from '../core/errors.js';
import type { Env } from '../platform/config/env.js';
import { Rounds } from '../platform/rounds.js';
import { backOff, choosePace } from './choose-pace.js';
import { mostDetails } from './pace.js';
import { todayInParis } from './paris.js';
import type { Poll, PollDossiers } from './poll-dossiers.js';
import type { ClaimedTarget, PollEnd, PollTargetRepository } from './poll-target.repository.js';
import { ReadClock, type ReadClockPorts, type Share } from './read-clock.js';

/** What the poller works with. */
export interface PollerPorts extends ReadClockPorts {
  readonly env: Env;
  readonly targets: PollTargetRepository;
  readonly polls: PollDossiers;
  readonly schedule: SchedulerRegistry;
  /** Told how each poll ended. */
  readonly ended: (opcoId: string, outcome: PollEnd['outcome']) => void;
}

const tickName = 'poller';
/** Looks at a paused target now and then: the fault may have been ours or the OPCO's. */
const pausedSeconds = 3600;

/**
 * Polls what is due, in a process that has the role `poller`. A claim in PostgreSQL makes sure that two processes never
 * poll the same tenant at the same OPCO; it is short, and prolonged three times in its length while the process lives.
 *
 *     tick ──▶ claim what is due ──▶ poll ──done──▶ next by pace
 *                                       ├─ failed ──▶ next by back-off
 *                                       ├─ key refused / not offered ──▶ paused, a look every hour
 *                                       └─ no budget / stopping ──▶ postponed, nothing counted
 */
export class Poller implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('Poller');
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #rounds: Rounds;
  readonly #clock: ReadClock;
  #ticking = false;

  constructor(private readonly ports: PollerPorts) {
    this.#clock = new ReadClock(ports);
    // Every read of every poll listens to it.
    setMaxListeners(0, this.#stopping.signal);
    this.#rounds = new Rounds({ work: () => this.round(), onError: (error) => this.#complain(error) });
  }

  onApplicationBootstrap(): void {
    const { env, schedule } = this.ports;
    if (!env.roles.has('poller')) return;
    this.#ticking = true;
    const { targets } = this.ports;
    // The first round waits for it: else it would take in one burst what is about to be spread.
    const spread = targets.spread(env.OPCOVIA_POLL_INTERVAL_SECONDS).catch((error: unknown) => this.#complain(error));
    const tick = () => void spread.then(() => this.#rounds.wake());
    schedule.addInterval(tickName, setInterval(tick, env.OPCOVIA_TICK_MS));
  }

  /** Before the pipeline closes its connections: reads have no effect and may be cut short. */
  async onModuleDestroy(): Promise<void> {
    const { schedule } = this.ports;
    if (schedule.doesExist('interval', tickName)) schedule.deleteInterval(tickName);
    this.#stopping.abort();
    await this.#rounds.stop();
    await this.drain();
  }

  /** Claims what is due and starts it without waiting for its end; true when there may be more. */
  async round(): Promise<boolean> {
    const free = this.ports.env.OPCOVIA_POLL_CONCURRENCY - this.#underWay.size;
    if (free <= 0) return false;
    const claimed = await this.ports.targets.claim(free, this.ports.env.OPCOVIA_POLL_LEASE_SECONDS);
    for (const target of claimed) this.#start(target);
    return claimed.length === free;
  }

  /** Waits for every poll under way. */
  async drain(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #start(target: ClaimedTarget): void {
    const poll = this.#poll(target).catch((error: unknown) => this.#complain(error));
    const ended = poll.finally(() => {
      this.#underWay.delete(ended);
      if (this.#ticking) this.#rounds.wake();
    });
    this.#underWay.add(ended);
  }

  async #poll(target: ClaimedTarget): Promise<void> {
    const { targets } = this.ports;
    const end = await this.#outcome(target);
    this.ports.ended(target.opcoId, end.outcome);
    await targets.end(target, end);
  }

  async #outcome(target: ClaimedTarget): Promise<PollEnd> {
    const { env, polls, random, targets } = this.ports;
    const leaseSeconds = env.OPCOVIA_POLL_LEASE_SECONDS;
    const renew = () => targets.renew(target, leaseSeconds);
    // A lost claim is noticed by the poll itself, before it asks or writes anything more.
    const beat = setInterval(() => void renew().catch(() => undefined), (leaseSeconds * 1000) / 3).unref();
    try {
      const report = await polls.run(this.#pollOf(target, renew));
      const pace = choosePace(report, env.OPCOVIA_POLL_INTERVAL_SECONDS, random());
      const { listSeconds } = this.#clock.budget(shareOf(target), report);
      return { outcome: 'done', nextInSeconds: Math.max(pace, listSeconds), allKnown: report.allKnown };
    } catch (error) {
      return this.#afterFailure(target, error);
    } finally {
      clearInterval(beat);
    }
  }

  #pollOf(target: ClaimedTarget, stillOurs: () => Promise<boolean>): Poll {
    const { env, targets, random, now } = this.ports;
    const { tenant, opcoId, tellDiscovered } = target;
    return {
      ...{ tenant, opcoId, tellDiscovered, stillOurs, signal: this.#stopping.signal },
      today: todayInParis(now()),
      holdsClaim: (sql) => targets.holds(sql, target),
      mostDue: (load) => mostDetails(this.#clock.budget(shareOf(target), load), env.OPCOVIA_POLL_DETAILS),
      factures: target.factures,
      noteFactures: (reading, load) => {
        // A list that broke off says only how long it is at least.
        const calls = reading.complete ? reading.calls : Math.max(reading.calls, target.factures.calls);
        const { facturesSeconds } = this.#clock.budget({ ...shareOf(target), facturesCalls: calls }, load);
        const seconds = Math.max(env.OPCOVIA_POLL_INTERVAL_SECONDS, facturesSeconds);
        return targets.noteFactures(target, { ...reading, calls, nextInSeconds: seconds * (0.9 + 0.2 * random()) });
      },
      clockOf: (sight) => this.#clock.set(shareOf(target), sight),
    };
  }

  #afterFailure({ failures }: ClaimedTarget, error: unknown): PollEnd {
    const { env, random } = this.ports;
    if (this.#stopping.signal.aborted) return { outcome: 'postponed', nextInSeconds: 0 };
    const { code, details } = asOpcoviaError(error);
    const paused = { outcome: 'paused', nextInSeconds: pausedSeconds } as const;
    if (code === 'UPSTREAM_AUTH') return { ...paused, reason: 'credentials' };
    if (code === 'NOT_SUPPORTED' || code === 'UNKNOWN_OPCO') return { ...paused, reason: 'not_supported' };
    if (code === 'RATE_LIMITED') return { outcome: 'postponed', nextInSeconds: details.retryAfterSeconds ?? 1 };
    if (code === 'INTERNAL_ERROR') this.#complain(details.cause);
    const nextInSeconds = backOff(failures + 1, env.OPCOVIA_POLL_INTERVAL_SECONDS, random());
    return { outcome: 'failed', nextInSeconds: Math.max(nextInSeconds, details.retryAfterSeconds ?? 0) };
  }

  /** The kind of error only: its text may hold a value. */
  #complain(error: unknown): void {
    this.#logger.warn(
      `Une lecture périodique a échoué (${error instanceof Error ? error.name : 'inconnu'}) ; nouvel essai plus tard.`,
    );
  }
}

function shareOf({ tenant, opcoId, sharedBy, factures }: ClaimedTarget): Share {
  return { opcoId, sharedBy, environment: tenant.environment, facturesCalls: factures.calls };
}
