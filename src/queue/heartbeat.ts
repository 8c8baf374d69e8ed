import type { AttemptRepository, ClaimedJob } from './attempt.repository.js';

/** Says of every attempt of this process, at a fixed pace, that its worker lives; a frozen process says nothing. */
export class Heartbeat {
  readonly #running = new Map<string, Pick<ClaimedJob, 'jobId' | 'token'>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly attempts: Pick<AttemptRepository, 'beat'>,
    private readonly everyMs: number,
  ) {}

  /** Keeps the attempt alive until the returned function is called. */
  keep(job: Pick<ClaimedJob, 'jobId' | 'token'>): () => void {
    this.#running.set(job.token, job);
    this.#timer ??= setInterval(() => this.#beat(), this.everyMs).unref();
    return () => {
      this.#running.delete(job.token);
      if (this.#running.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #beat(): void {
    // A missed beat costs nothing: the next one comes well before the attempt counts as lost.
    this.attempts.beat([...this.#running.values()]).catch(() => undefined);
  }
}
