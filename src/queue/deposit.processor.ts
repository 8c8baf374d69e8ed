import { randomUUID } from 'node:crypto';
import { asOpcoviaError, fail, OpcoviaError } from '../core/errors.js';
import type { Call, Exchange } from '../core/exchange.js';
import type { Environment, TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import type { AttemptRepository, ClaimedJob } from './attempt.repository.js';
import { classify, decide, type Decision, type Standing } from './decide.js';
import { endpointOf } from './deposit-types.js';
import type { FileStore } from './file-store.js';
import type { Heartbeat } from './heartbeat.js';
import { readPayload } from './job-payload.js';
import type { SettleJob, Settlement } from './settle.js';

/** The ten stages, as a worker drives them. */
export interface Runner {
  /** The settled exchange; its failure, or the answer in its slot. */
  run(call: Call): Promise<Pick<Exchange, 'failure' | 'peek'>>;
}

/** What `decide` needs to know beyond the attempt itself. */
export type RetryRules = Pick<Standing, 'maxAttempts' | 'backoffMs' | 'credentialsPatienceMs' | 'random'>;

/** What became of one delivery; a word for the metrics. */
export type Processed = Decision['kind'] | 'not-ours' | 'fenced';

/** What the processor is made of. */
export interface ProcessorParts {
  readonly database: Pick<Database, 'asTenant'>;
  readonly keys: Pick<DataKeys, 'open'>;
  readonly files: Pick<FileStore, 'open'>;
  readonly attempts: Pick<AttemptRepository, 'claim' | 'intend'>;
  readonly runner: Runner;
  readonly settling: Pick<SettleJob, 'settle'>;
  readonly heartbeat: Pick<Heartbeat, 'keep'>;
  readonly rules: RetryRules;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** The OPCO's quota or its failures refuse everybody of an environment; each environment has a host and a quota of its own. */
export interface Hold {
  readonly environment: Environment;
  readonly seconds: number;
}

/** How it went, and how long nobody else need try at this OPCO. */
export interface Delivery {
  readonly result: Processed;
  /** Absent when the OPCO refuses nobody else. */
  readonly hold?: Hold;
  readonly type?: string;
}

interface Attempt {
  readonly answer?: unknown;
  readonly failure?: OpcoviaError;
  readonly sends: number;
  readonly fenced: boolean;
}

const settlePausesMs = [100, 300, 1000, 3000];

/** Carries out one delivery of a deposit; whatever came of it stands in PostgreSQL before BullMQ is told anything. */
export class DepositProcessor {
  constructor(private readonly parts: ProcessorParts) {}

  /** Throws only when PostgreSQL stays away: the relay then delivers again, or, once an intent was written, asks for a review. */
  async process(tenant: TenantHash, jobId: string): Promise<Delivery> {
    const job = await this.parts.attempts.claim(tenant, jobId, randomUUID());
    if (!job) return { result: 'not-ours' };
    const release = this.parts.heartbeat.keep(job);
    try {
      return await this.#attempt(job);
    } finally {
      release();
    }
  }

  async #attempt(job: ClaimedJob): Promise<Delivery> {
    const { answer, failure, sends, fenced } = await this.#send(job);
    if (fenced) return { result: 'fenced', type: job.type };
    const report = { sends, ...(failure && { failure }) };
    const decision = decide(report, this.#standing(job));
    const settled = await this.#settle({
      job,
      decision,
      attemptClass: classify(report),
      answer,
      ...(failure && { failure }),
    });
    const seconds = holdOf(decision, failure);
    const hold = seconds > 0 && { hold: { environment: job.environment, seconds } };
    return { result: settled ? decision.kind : 'fenced', type: job.type, ...hold };
  }

  async #send(job: ClaimedJob): Promise<Attempt> {
    let sends = 0;
    let fenced = false;
    const beforeSend = async () => {
      if (!(await this.parts.attempts.intend(job))) {
        fenced = true;
        throw fail('CONFLICT', { sent: 'not-sent' });
      }
      sends++;
    };
    try {
      const exchange = await this.parts.runner.run({ ...this.#question(job), ...(await this.#open(job)), beforeSend });
      const { failure } = exchange;
      return failure ? { failure, sends, fenced } : { answer: exchange.peek('answer'), sends, fenced };
    } catch (error) {
      return { failure: asOpcoviaError(error), sends, fenced };
    }
  }

  #question(job: ClaimedJob): Call {
    return {
      requestId: job.requestId,
      tenant: { hash: job.tenant, environment: job.environment, nom: '', keyId: `job:${job.jobId}` },
      opcoId: job.opcoId,
      endpoint: endpointOf(job.type),
      traffic: 'job',
      query: {},
      cache: {},
    };
  }

  async #open(job: ClaimedJob): Promise<Pick<Call, 'body' | 'files'>> {
    const { payload, tenant, dataKeyId, jobId } = job;
    if (payload === null) throw fail('NOT_FOUND', { detail: 'Le contenu de ce dépôt a été effacé.', sent: 'not-sent' });
    const key = await this.parts.database.asTenant(tenant, (sql) => this.parts.keys.open(sql, tenant, dataKeyId));
    const text = key.unseal(payload, place('jobs', 'payload', jobId, tenant)).toString('utf8');
    const { body, files, within } = readPayload(text);
    return { body, files: [...within, ...(await this.parts.files.open(tenant, dataKeyId, files))] };
  }

  #standing(job: ClaimedJob): Standing {
    return {
      ...this.parts.rules,
      attempts: job.attempts,
      credentialsWaitedMs: job.reason === 'credentials' ? job.reasonMs : 0,
      opcoWaitedMs: job.reason === 'opco' ? job.reasonMs : 0,
    };
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
        if (!passing || tried >= 40) throw error;
        await this.parts.wait(pause);
      }
    }
  }
}

/** Seconds; 0 when only this tenant or this deposit is concerned. An environment without a host is no news about the OPCO. */
function holdOf(decision: Decision, failure: OpcoviaError | undefined): number {
  if (decision.kind !== 'retry' || (decision.reason !== 'quota' && decision.reason !== 'opco')) return 0;
  return failure?.details.retryAfterSeconds ?? 1;
}
