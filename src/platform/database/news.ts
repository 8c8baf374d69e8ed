import pg from 'pg';

/** Where to listen, and who is told. */
export interface NewsOptions {
  /** A login of PostgreSQL; no right on any table is needed. */
  readonly url: string;
  /** By channel, a plain SQL name: what to do with what a committed transaction announced there. */
  readonly channels: Readonly<Record<string, (payload: string) => void>>;
  /** Listening has begun, or begun again: anything may have been announced before. */
  readonly onGap: () => void;
  /** Between 0 and 1, for the pauses between attempts. */
  readonly random?: () => number;
}

const firstPauseMs = 250;
const longestPauseMs = 15_000;
/** A connection whose other end is gone without a word is found out by asking. */
const beatMs = 5_000;

/**
 * Hears what PostgreSQL announces (LISTEN), on a connection of its own. Announcements are an accelerator: whoever relies on them
 * keeps a bound of its own for the time in which nobody hears.
 *
 *     deaf ──connect, LISTEN──▶ listening (onGap) ──lost, or a beat unanswered──▶ deaf
 *      └── tried again after 0.25 s, doubling to 15 s, with jitter ──┘
 */
export class DatabaseNews {
  #client: pg.Client | undefined;
  #listening = false;
  #attempts = 0;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;

  constructor(private readonly options: NewsOptions) {}

  /** Whether news are heard at this moment. */
  get listening(): boolean {
    return this.#listening;
  }

  /** Settles after the first attempt, whatever came of it; goes on trying until `stop`. */
  async start(): Promise<void> {
    if (this.#stopped) return;
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: 'opcovia_news',
      connectionTimeoutMillis: 3000,
      query_timeout: 3000,
      keepAlive: true,
      options: '-c role=opcovia_app',
    });
    this.#client = client;
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    const { channels } = this.options;
    client.on('notification', ({ channel, payload = '' }) => channels[channel]?.(payload));
    try {
      await client.connect();
      for (const channel of Object.keys(channels)) await client.query(`LISTEN ${channel}`);
      if (this.#client !== client) return;
      this.#listening = true;
      this.#attempts = 0;
      this.#beat = setInterval(() => void client.query('SELECT 1').catch(() => this.#lose(client)), beatMs);
      this.options.onGap();
    } catch {
      this.#lose(client);
    }
  }

  /** Ends the connection and tries no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    if (client) this.#lose(client);
    await client?.end().catch(() => undefined);
  }

  #lose(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#listening = false;
    clearInterval(this.#beat);
    void client.end().catch(() => undefined);
    if (this.#stopped) return;
    const { random = Math.random } = this.options;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#attempts++) * (0.5 + random() / 2);
    this.#retry = setTimeout(() => void this.start(), pauseMs);
  }
}
