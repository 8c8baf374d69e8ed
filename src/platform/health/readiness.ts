import { Inject, Injectable } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { QueueRedisProbe } from '../redis/queue-redis-probe.js';
import { DatabaseProbe } from './database-probe.js';
import { ReadinessDetails } from './readiness-details.js';
import { WorkerNotes } from './worker-notes.js';

/** The answer to one question: would a deposit sent now be durably accepted? */
export interface ReadinessReport {
  /** `degraded`: accepted, but executed late, because Redis is away. */
  readonly status: 'ok' | 'degraded' | 'error';
  /** Reasons in words for machines; no host, no version, no count. */
  readonly details: Record<string, unknown>;
}

/** How long a look stays true, and how long one check may take. */
const freshMs = 1000;
const checkMs = 1500;

/** Looks at what a deposit needs (reliability: PostgreSQL, its schema, the key ring, the policy of the queue's Redis, not draining). */
@Injectable()
export class Readiness {
  @Inject(WorkerNotes) private readonly workerNotes: WorkerNotes;
  @Inject(ReadinessDetails) private readonly more: ReadinessDetails;
  #draining = false;
  #last: { at: number; report: Promise<ReadinessReport> } | undefined;

  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: DatabaseProbe,
    private readonly queueRedis: QueueRedisProbe,
  ) {}

  /** From now on not ready: the process finishes what it has and takes nothing new. */
  drain(): void {
    this.#draining = true;
    this.#last = undefined;
  }

  /** Whether the process is about to end. */
  get draining(): boolean {
    return this.#draining;
  }

  look(): Promise<ReadinessReport> {
    const now = performance.now();
    if (!this.#last || now - this.#last.at > freshMs) this.#last = { at: now, report: this.check() };
    return this.#last.report;
  }

  private async check(): Promise<ReadinessReport> {
    const result = await this.checks
      .check([
        () => this.process(),
        () => this.postgres(),
        () => this.keyring(),
        () => this.queue(),
        () => this.workers(),
      ])
      .catch((error: { getResponse?: () => unknown }) => error.getResponse?.() as HealthCheckResult);
    const details = { ...result.details, ...this.more.look() };
    if (result.status !== 'ok') return { status: 'error', details };
    const degraded = Object.values(result.details).some((detail) => 'degraded' in detail);
    return { status: degraded ? 'degraded' : 'ok', details };
  }

  private process(): HealthIndicatorResult {
    const indicator = this.indicators.check('process');
    return this.#draining ? indicator.down('draining') : indicator.up();
  }

  private async postgres(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('postgres');
    const fits = await within(this.database.schemaFits()).catch(() => undefined);
    if (fits === undefined) return indicator.down('unreachable');
    return fits ? indicator.up() : indicator.down('schema does not fit this version');
  }

  /** What the ring does not open is found here, before a request finds it. PostgreSQL away is told by its own check. */
  private async keyring(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('keyring');
    const missing = await within(this.database.missingKeys()).catch(() => []);
    if (missing.length === 0) return indicator.up();
    return indicator.down(`lacks a key that still seals stored values: ${missing.join(', ')}`);
  }

  /** A worker that one restart did not help: what is accepted for its OPCO waits. */
  private workers(): HealthIndicatorResult {
    const indicator = this.indicators.check('workers');
    const { restarted, stillStuck } = this.workerNotes.look();
    return indicator.up({
      ...(restarted.length > 0 && { restarted: restarted.join(', ') }),
      ...(stillStuck.length > 0 && { degraded: `stuck again after a restart: ${stillStuck.join(', ')}` }),
    });
  }

  private async queue(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('redis');
    const policy = await within(this.queueRedis.evictionPolicy()).catch(() => undefined);
    if (policy === undefined) return indicator.up({ degraded: 'unreachable: deposits are accepted and wait' });
    return policy === 'noeviction' ? indicator.up() : indicator.down('maxmemory-policy is not noeviction');
  }
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), checkMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
