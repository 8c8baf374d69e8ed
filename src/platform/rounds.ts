/** How a piece of work is repeated. */
export interface RoundsOptions {
  /** One round; true asks for another at once because more is waiting. */
  readonly work: () => Promise<boolean>;
  /** Told of a round that threw; the next tick tries again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Repeats a piece of work: never twice at once, and never losing a wake-up that came while a round was under way.
 *
 *     idle ──wake / tick──▶ working ──more, or woken meanwhile──▶ working
 *      ▲                       │ nothing left, or it threw
 *      └───────────────────────┘          stop(): waits for the round under way, then nothing starts
 */
export class Rounds {
  #running: Promise<void> | undefined;
  #wokenMeanwhile = false;
  #stopped = false;

  constructor(private readonly options: RoundsOptions) {}

  /** Starts a round unless one is under way; then another follows it. */
  wake(): void {
    if (this.#stopped) return;
    this.#wokenMeanwhile = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // Woken between the last look and here: nobody else would notice.
      if (this.#wokenMeanwhile) this.wake();
    });
  }

  /** Starts nothing more and waits for the round under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      let more = true;
      while ((more || this.#wokenMeanwhile) && !this.#stopped) {
        this.#wokenMeanwhile = false;
        more = await this.options.work();
      }
    } catch (error) {
      this.#wokenMeanwhile = false;
      this.options.onError(error);
    }
  }
}
