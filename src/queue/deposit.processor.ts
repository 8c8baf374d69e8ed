import { randomUUID } from 'node:crypto';
import { asOpcoviaError, fail, OpcoviaError } from '../core/errors.js';
import type { Call, Exchange } from '../core/exchange.js';
import type { TenantHash } from '../core/tenant.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { AttemptRepository, ClaimedJob } from './attempt.repository.js';
import { classify, decide, type Standing } from './decide.js';
import { decideDoubt, type Finding } from './decide-doubt.js';
import type { Decision, Doubt } from './decision.js';
import { ending } from './ending.js';
import type { Heartbeat } from './heartbeat.js';
import type { Hold } from './holds.js';
import type { LookUpEffect } from './look-up-effect.js';
import type { OpenDeposit, OpenedDeposit, Serves } from './open-deposit.js';
import type { SettleJob, Settlement } from './settle.js';

/** The ten stages, as a worker drives them. */
export interface Runner extends Serves {
  /** The settled exchange; its failure, or the answer in its slot. */
  run(call: Call): Promise<Pick<Exchange, 'failure' | 'peek' | 'reply'>>;
}

/** What the decisions need to know beyond the attempt itself. */
export interface RetryRules extends Pick<Standing, 'maxAttempts' | 'backoffMs' | 'credentialsPatienceMs' | 'random'> {
  /** How long a deposit in doubt is looked up before a person has to look. */
  readonly doubtPatienceMs: number;
  /** In place of the adapters' own; milliseconds. */
  readonly quietMs?: number;
}

/** What became of one delivery; a word for the metrics. */
export type Processed = Decision['kind'] | 'not-ours' | 'fenced';

/** What the processor is made of. */
export interface ProcessorParts {
  readonly opening: Pick<OpenDeposit, 'open'>;
  readonly attempts: Pick<AttemptRepository, 'claim' | 'intend'>;
  readonly runner: Runner;
  readonly lookUps: Pick<LookUpEffect, 'run' | 'knowBefore'>;
  readonly settling: Pick<SettleJob, 'settle'>;
  readonly heartbeat: Pick<Heartbeat, 'keep'>;
  readonly rules: RetryRules;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** The process is being stopped: what has not been sent is left to another. */
  readonly stopping: () => boolean;
}

/** How it went, and how long nobody else need try at this OPCO. */
export interface Delivery {
  readonly result: Processed;
  /** Absent when the OPCO refuses nobody else. */
  readonly hold?: Hold;
  readonly type?: string;
}

interface Attempt {
  readonly opened?: OpenedDeposit;
  readonly answer?: unknown;
  readonly failure?: OpcoviaError;
  readonly sends: number;
  readonly fenced: boolean;
  /** Nothing was sent because the process is being stopped. */
  readonly stopped: boolean;
}

const settlePausesMs = [100, 300, 1000, 3000];
/** About a quarter of an hour of pauses: longer than a fail-over of PostgreSQL takes. */
const mostSettles = 300;
/** Between two look-ups where the adapter could not even be asked for its own figure. */
const unknownQuietMs = 60_000;

/** Carries out one delivery of a deposit; whatever came of it stands in PostgreSQL before BullMQ is told anything. */
export class DepositProcessor {
  constructor(private readonly parts: ProcessorParts) {}

  /** Throws only when PostgreSQL stays away: the relay then delivers again, or, once an intent was written, has it looked up. */
  async process(tenant: TenantHash, jobId: string): Promise<Delivery> {
    const job = await this.parts.attempts.claim(tenant, jobId, randomUUID());
    if (!job) return { result: 'not-ours' };
    const release = this.parts.heartbeat.keep(job);
    try {
      return await (job.doubt ? this.#check(job, job.doubt) : this.#attempt(job));
    } finally {
      release();
    }
  }

  async #attempt(job: ClaimedJob): Promise<Delivery> {
    const { opened, answer, failure, sends, fenced, stopped } = await this.#send(job);
    if (fenced) return { result: 'fenced', type: job.type };
    const report = { sends, ...(failure && { failure }) };
    const decision = stopped ? atOnce : decide(report, this.#standing(job, opened));
    const settled = await this.#settle({
      ...ending(job, decision, { answer, ...(opened && { opened }) }),
      attemptClass: classify(report),
      ...(failure && { failure }),
    });
    const seconds = holdOf(decision, failure);
    const ofOne = failure?.details.ofOne === true || failure?.details.upstream?.status === 429;
    const hold = seconds > 0 && { hold: { environment: job.environment, tenant: job.tenant, ofOne, seconds } };
    return { result: settled ? decision.kind : 'fenced', type: job.type, ...hold };
  }

  async #send(job: ClaimedJob): Promise<Attempt> {
    let sends = 0;
    let fenced = false;
    let stopped = false;
    let opened: OpenedDeposit | undefined;
    try {
      opened = await this.parts.opening.open(job);
      const knownBefore = await this.#knownBefore(opened);
      const beforeSend = async () => {
        stopped = this.parts.stopping();
        if (stopped) throw fail('SERVICE_UNAVAILABLE', { sent: 'not-sent', retryAfterSeconds: 1 });
        if (!(await this.parts.attempts.intend(job, knownBefore))) {
          fenced = true;
          throw fail('CONFLICT', { sent: 'not-sent' });
        }
        sends++;
      };
      const exchange = await this.parts.runner.run({ ...opened.call, beforeSend });
      const { failure } = exchange;
      const how = { opened, sends, fenced, stopped };
      return failure ? { ...how, failure } : { ...how, answer: exchange.peek('answer') };
    } catch (error) {
      return { ...(opened && { opened }), failure: asOpcoviaError(error), sends, fenced, stopped };
    }
  }

  /** What the OPCO has already must be known before the intent, or a look-up could not tell old from new. */
  async #knownBefore({ call, served }: OpenedDeposit): Promise<boolean> {
    const { lookUp } = served?.endpoint ?? {};
    if (!served || !lookUp) return false;
    // A read takes neither body nor files, and is refused with some.
    const { body: _body, files: _files, ...caller } = call;
    return this.parts.lookUps.knowBefore({ caller, adapter: served.adapter, lookUp });
  }

  /** Nothing is sent: the OPCO is asked what became of the attempt before. */
  async #check(job: ClaimedJob, doubt: Doubt): Promise<Delivery> {
    const { finding, opened } = await this.#lookUp(job, doubt);
    const decision = bounded(
      decideDoubt(doubt, finding, {
        quietMs: this.#quietMs(opened) ?? this.parts.rules.quietMs ?? unknownQuietMs,
        doubtedMs: job.doubtMs,
        patienceMs: this.parts.rules.doubtPatienceMs,
      }),
      job.attempts >= this.parts.rules.maxAttempts,
    );
    const answer = finding.kind === 'found' ? reconciled(finding.answer) : undefined;
    const failure = finding.kind === 'failed' ? finding.failure : undefined;
    const settled = await this.#settle({
      ...ending(job, decision, { answer, ...(opened && { opened }) }),
      attemptClass: 'looked-up',
      ...(failure && { failure }),
    });
    return { result: settled ? decision.kind : 'fenced', type: job.type };
  }

  async #lookUp(job: ClaimedJob, doubt: Doubt): Promise<{ finding: Finding; opened?: OpenedDeposit }> {
    try {
      const opened = await this.parts.opening.open(job);
      const { call, served } = opened;
      if (!served?.endpoint.lookUp) return { finding: { kind: 'unsupported' }, opened };
      const { body, files, ...caller } = call;
      const finding = await this.parts.lookUps.run({
        ...{ jobId: job.jobId, caller, adapter: served.adapter, lookUp: served.endpoint.lookUp, doubt },
        sent: { query: {}, body, ...(files && { files }) },
        knownBefore: job.knownBefore,
      });
      return { finding, opened };
    } catch (error) {
      const failure = asOpcoviaError(error);
      // Without its content, or an OPCO that takes such a deposit, nothing can be compared, now or later.
      const never = error instanceof UnsealError || failure.code === 'NOT_FOUND' || failure.code === 'NOT_SUPPORTED';
      return { finding: never ? { kind: 'unsupported' } : { kind: 'failed', failure } };
    }
  }

  #standing(job: ClaimedJob, opened: OpenedDeposit | undefined): Standing {
    const quietMs = this.#quietMs(opened);
    const { maxAttempts, backoffMs, credentialsPatienceMs, random } = this.parts.rules;
    return {
      ...{ maxAttempts, backoffMs, credentialsPatienceMs, random },
      attempts: job.attempts,
      credentialsWaitedMs: job.reason === 'credentials' ? job.reasonMs : 0,
      opcoWaitedMs: job.reason === 'opco' ? job.reasonMs : 0,
      ...(quietMs !== undefined && { quietMs }),
    };
  }

  /** Undefined where the norm offers no way to find a lost effect again. */
  #quietMs(opened: OpenedDeposit | undefined): number | undefined {
    const { adapter, endpoint } = opened?.served ?? {};
    return adapter && endpoint?.lookUp ? (this.parts.rules.quietMs ?? adapter.quietPeriodSeconds * 1000) : undefined;
  }

  /**
   * Insists: what came back from an OPCO must not be lost to a moment without PostgreSQL. Ends when it is written, or when the
   * attempt was taken over; giving up leaves the job to the relay, as a crash would.
   */
  async #settle(settlement: Settlement): Promise<boolean> {
    for (let tried = 0; ; tried++) {
      try {
        return await this.parts.settling.settle(settlement);
      } catch (error) {
        const pause = settlePausesMs[Math.min(tried, settlePausesMs.length - 1)] ?? 0;
        const passing = error instanceof OpcoviaError && error.entry.retryable;
        if (!passing || tried >= mostSettles) throw error;
        await this.parts.wait(pause);
      }
    }
  }
}

/** Another process sends it: nothing has happened that a wait would mend. */
const atOnce: Decision = { kind: 'retry', delayMs: 0, countsAttempt: false, reason: 'retry', why: 'handed-over' };

/** Enough attempts without effect are enough, however each was found to have none. */
function bounded(decision: Decision, exhausted: boolean): Decision {
  if (decision.kind !== 'retry' || !exhausted) return decision;
  return { kind: 'failed', outcome: 'not_applied', why: 'exhausted' };
}

function reconciled(answer: unknown): unknown {
  return typeof answer === 'object' && answer !== null ? { ...answer, reconciled: true } : answer;
}

/** Seconds; 0 when only this tenant or this deposit is concerned. An environment without a host is no news about the OPCO. */
function holdOf(decision: Decision, failure: OpcoviaError | undefined): number {
  if (decision.kind !== 'retry' || (decision.reason !== 'quota' && decision.reason !== 'opco')) return 0;
  return failure?.details.retryAfterSeconds ?? 1;
}
