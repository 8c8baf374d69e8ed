import { fail, type OpcoviaError } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { Backlog, FullBacklog } from './backlog.js';
import type { BacklogRepository } from './backlog.repository.js';

/** What the gate is made of. */
export interface BacklogGateParts {
  readonly backlog: Pick<Backlog, 'full' | 'begin' | 'end'>;
  readonly repository: Pick<BacklogRepository, 'counts' | 'knows'>;
  /** Told of each refusal. */
  readonly refused: (by: FullBacklog['by']) => void;
}

const countEveryMs = 1000;
/** Counting takes a fiftieth of the time at most, however long it takes. */
const restPerCount = 50;
const mostLookUps = 4;

const detailOf: Readonly<Record<FullBacklog['by'], string>> = {
  tenant: "Trop de vos dépôts attendent déjà d'être envoyés ; rien n'a été enregistré.",
  total: "Trop de dépôts attendent déjà d'être envoyés ; rien n'a été enregistré.",
};

/**
 * Refuses deposits before a byte of their body is read once too many wait, out of memory alone. A repeat of an accepted deposit is
 * let through where that can be known: under an `Idempotency-Key` that stands in the table, looked for only while the backlog is
 * full, and by a few requests at a time. Without a key the content would have to be read to know it: it is refused.
 */
export class BacklogGate {
  #timer: NodeJS.Timeout | undefined;
  #counting: Promise<void> | undefined;
  #running = false;
  #lookUps = 0;

  constructor(private readonly parts: BacklogGateParts) {}

  /** Undefined when the deposit may come in, at once unless the backlog is full and a key is given. */
  refusal(tenant: TenantHash, key: string | undefined): OpcoviaError | undefined | Promise<OpcoviaError | undefined> {
    const full = this.parts.backlog.full(tenant);
    if (!full) return undefined;
    if (key === undefined || this.#lookUps >= mostLookUps) return this.#refuse(full);
    return this.#unlessKnown(tenant, key, full);
  }

  /** Counts now, and again and again. */
  start(): void {
    this.#running = true;
    this.#next(0);
  }

  /** Resolves when the count under way has ended. */
  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#counting;
  }

  /** One count; while PostgreSQL is away the last one stays. */
  async count(): Promise<void> {
    const { backlog, repository } = this.parts;
    backlog.begin();
    try {
      backlog.end(await repository.counts());
    } catch {
      // What was accepted meanwhile is kept beside the last count.
    }
  }

  #next(inMs: number): void {
    if (!this.#running) return;
    this.#timer = setTimeout(() => {
      const begun = performance.now();
      this.#counting = this.count().finally(() =>
        this.#next(Math.max(countEveryMs, (performance.now() - begun) * restPerCount)),
      );
    }, inMs).unref();
  }

  async #unlessKnown(tenant: TenantHash, key: string, full: FullBacklog): Promise<OpcoviaError | undefined> {
    this.#lookUps++;
    try {
      const known = await this.parts.repository.knows(tenant, key).catch(() => false);
      return known ? undefined : this.#refuse(full);
    } finally {
      this.#lookUps--;
    }
  }

  #refuse({ by, retryAfterSeconds }: FullBacklog): OpcoviaError {
    this.parts.refused(by);
    return fail('OVERLOADED', { detail: detailOf[by], retryAfterSeconds });
  }
}
