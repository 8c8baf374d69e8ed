import type { Clock } from '../../core/clock.js';
import { DatabaseNews } from '../../platform/database/news.js';
import type { OverridesInForce } from './overrides-in-force.js';

const tickMs = 500;
/** How old what is known may be while nobody hears what changes. */
const deafMs = 10_000;

/**
 * Keeps this process's overrides those of PostgreSQL: read at the start, at every announcement, and every ten seconds while none can be
 * heard; lets them begin and end twice a second also where nobody calls.
 */
export class OverrideNews {
  readonly #news: DatabaseNews;
  #stale = true;
  #readAt = -Infinity;
  #ticks: NodeJS.Timeout | undefined;

  constructor(
    private readonly overrides: Pick<OverridesInForce, 'load' | 'settle'>,
    private readonly clock: Clock,
    url: string,
  ) {
    const changed = () => {
      this.#stale = true;
      void this.#read();
    };
    this.#news = new DatabaseNews({ url, channels: { opcovia_overrides: changed }, onGap: changed });
  }

  async start(): Promise<void> {
    await this.#news.start();
    // Nobody is served before it is known what staff has said, unless PostgreSQL is away.
    await this.#read();
    this.#ticks = setInterval(() => this.#tick(), tickMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticks);
    await this.#news.stop();
  }

  #tick(): void {
    this.overrides.settle();
    const old = !this.#news.listening && this.clock.elapsed() - this.#readAt > deafMs;
    if (this.#stale || old) void this.#read();
  }

  /** What PostgreSQL does not answer is asked again by the next tick; meanwhile what is known goes on. */
  async #read(): Promise<void> {
    this.#stale = false;
    await this.overrides.load().then(
      () => (this.#readAt = this.clock.elapsed()),
      () => (this.#stale = true),
    );
  }
}
