import { randomUUID } from 'node:crypto';
import { fail, OpcoviaError } from '../core/errors.js';
import type { Database } from '../platform/database/database.js';
import { MicroBatch } from '../platform/micro-batch.js';
import type { DataKeys, FreshKey } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import { columns, type Candidate, type DepositToAccept } from './accept-columns.js';
import { depositTypes } from './deposit-types.js';
import { claimKey, fingerprint } from './idempotency.js';
import { writePayload } from './job-payload.js';
import { subjectOf } from './subject-of.js';

/** The job that answers for the deposit: made now, or by an earlier request of the same content and key. */
export interface AcceptedDeposit {
  readonly jobId: string;
  readonly status: 'pending' | 'duplicate';
}

/** How long PostgreSQL may take before the caller is told to come back. */
export interface AcceptPatience {
  readonly ms: number;
  /** More for each MiB of sealed payload. */
  readonly msPerMebibyte: number;
}

type Verdict = 'accepted' | 'duplicate' | 'mismatch';

interface Judged {
  readonly jobId: string;
  readonly verdict: Verdict;
}

const mebibyte = 1024 * 1024;
const patienceByDefault: AcceptPatience = { ms: 2000, msPerMebibyte: 500 };
const limits = { rows: 100, bytes: 8 * mebibyte, inFlight: 4, waitingRows: 2000, waitingBytes: 96 * mebibyte };

/**
 * Takes a deposit in: job, sealed payload, claim, due time and audit row in one commit, or nothing. Concurrent deposits, of
 * whatever tenants, share a commit.
 *
 *     asked ──▶ waiting ──batch──▶ committed ──▶ accepted (202) | duplicate (200) | mismatch (422)
 *       │          │                   ▲
 *       │          │ too late          └─ answer lost ──▶ claim read again ── none ──▶ 503, nothing promised: the same key
 *       │          ▼                                                              may be sent again
 *       │       withdrawn (503): it is never committed
 *       └─ too much waits: 503 OVERLOADED
 */
export class AcceptDeposit {
  readonly #batches: MicroBatch<Candidate, Judged>;

  constructor(
    private readonly database: Pick<Database, 'call' | 'asTenant'>,
    private readonly keys: Pick<DataKeys, 'fresh' | 'subjectIndex'>,
    /** Tells the dispatcher that something is due at this OPCO. */
    private readonly wake: (opcoId: string) => void,
    private readonly patience: AcceptPatience = patienceByDefault,
  ) {
    this.#batches = new MicroBatch(
      limits,
      {
        bytesOf: ({ payload }) => payload.length,
        keyOf: ({ deposit, claim }) => `${deposit.tenant.hash}${claim.hash.toString('hex')}`,
      },
      (candidates) => this.#commit(candidates),
    );
  }

  /** Resolves after the commit. Throws 422 IDEMPOTENCY_MISMATCH, 503 SERVICE_UNAVAILABLE when PostgreSQL is away, or 503 OVERLOADED. */
  async accept(deposit: DepositToAccept): Promise<AcceptedDeposit> {
    const candidate = this.#candidate(deposit);
    const { jobId, verdict } = await this.#decide(candidate);
    if (verdict === 'mismatch') {
      throw fail('IDEMPOTENCY_MISMATCH', {
        detail: "Cette clé d'idempotence a déjà servi pour un autre contenu, une autre route ou un autre OPCO.",
      });
    }
    if (verdict === 'accepted') this.wake(deposit.opcoId);
    return { jobId, status: verdict === 'accepted' ? 'pending' : 'duplicate' };
  }

  #candidate(deposit: DepositToAccept): Candidate {
    const { tenant, opcoId, route, body, staged, warnings = [] } = deposit;
    const jobId = randomUUID();
    const { files = [], held = [] } = staged ?? {};
    const plain = fingerprint({ method: 'POST', route, opcoId, body, files: [...files, ...held] });
    // Keyed, as the natural key is: who has the table alone must not be able to try out contents.
    const content = this.keys.subjectIndex(tenant.hash, `content:${plain.toString('hex')}`);
    const key = this.#keyOf(deposit);
    const payload = key.seal(writePayload({ body, files, held }), place('jobs', 'payload', jobId, tenant.hash));
    const doubts =
      warnings.length > 0 ? key.seal(JSON.stringify(warnings), place('jobs', 'warnings', jobId, tenant.hash)) : null;
    const claim = claimKey(deposit.idempotencyKey, content);
    return {
      jobId,
      deposit,
      claim,
      content,
      key,
      files,
      payload,
      warnings: doubts,
      effectKey: this.#effectKey(deposit),
    };
  }

  /** Keyed, since the parts name a person: a plain digest could be guessed. A composite deposit shares it with its first step. */
  #effectKey({ tenant, opcoId, type, naturalKey }: DepositToAccept): Buffer | null {
    if (!naturalKey) return null;
    const effect = JSON.stringify(['effect', opcoId, depositTypes[type], ...naturalKey]);
    return this.keys.subjectIndex(tenant.hash, effect);
  }

  /** The key that has sealed the files already, now that it is known whom they are about. */
  #keyOf({ tenant, type, body, staged }: DepositToAccept): FreshKey {
    const subject = subjectOf(type, body);
    if (!staged) return this.keys.fresh(tenant.hash, subject);
    return { ...staged.key, subject: this.keys.subjectIndex(tenant.hash, subject) };
  }

  async #decide(candidate: Candidate): Promise<Judged> {
    const patience = new AbortController();
    const batched = this.#batches.add(candidate, patience.signal);
    const ms = this.patience.ms + (candidate.payload.length / mebibyte) * this.patience.msPerMebibyte;
    try {
      return await within(ms, batched);
    } catch (error) {
      if (!(error instanceof OpcoviaError)) throw error;
      // What no batch has taken is taken back, so that a deposit refused here is not sent later.
      patience.abort(error);
      // Otherwise the commit may have happened and only its answer been lost.
      const found = await within(this.patience.ms / 4, this.#claimed(candidate)).catch(() => undefined);
      if (!found) throw error;
      return found;
    }
  }

  async #commit(candidates: readonly Candidate[]): Promise<Judged[]> {
    const rows = await this.database.call<{ asked: string; job_id: string; verdict: Verdict }>(
      'SELECT * FROM accept_deposits($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21)',
      columns(candidates),
    );
    const byJob = new Map(rows.map((row) => [row.asked, { jobId: row.job_id, verdict: row.verdict }]));
    return candidates.map(({ jobId }) => {
      const judged = byJob.get(jobId);
      if (!judged) throw new Error('accept_deposits gave no verdict');
      return judged;
    });
  }

  async #claimed({ jobId, deposit, claim, content }: Candidate): Promise<Judged | undefined> {
    const [row] = await this.database.asTenant(deposit.tenant.hash, (sql) =>
      sql.query<{ job_id: string; fingerprint: Buffer }>(
        'SELECT job_id, fingerprint FROM idempotency_claims WHERE tenant_hash = $1 AND key_hash = $2',
        [deposit.tenant.hash, claim.hash],
      ),
    );
    if (!row) return undefined;
    if (row.job_id === jobId) return { jobId, verdict: 'accepted' };
    return { jobId: row.job_id, verdict: row.fingerprint.equals(content) ? 'duplicate' : 'mismatch' };
  }
}

/** The promise, or SERVICE_UNAVAILABLE when it takes too long; the work itself goes on and its late end is ignored. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          fail('SERVICE_UNAVAILABLE', {
            detail: "Le dépôt n'a pas pu être enregistré à temps ; renvoyez-le avec la même clé d'idempotence.",
            retryAfterSeconds: 5,
          }),
        ),
      ms,
    );
  });
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
