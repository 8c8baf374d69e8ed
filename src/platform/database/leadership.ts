import { randomUUID } from 'node:crypto';
import type { Database } from './database.js';

/** Seconds that a duty stays with its holder without renewal. */
const leaseSeconds = 10;

/**
 * Who does a duty that one instance at a time may do. Time is PostgreSQL's: no rule depends on the clocks of two hosts.
 *
 *     free ──hold──▶ held by us ──hold (renews)──▶ held by us
 *       ▲                │ lease runs out / resign
 *       └────────────────┘
 */
export class Leadership {
  readonly #instance = randomUUID();

  constructor(private readonly database: Database) {}

  /** Takes or renews the duty for ten seconds; false while another instance holds it. */
  async hold(duty: string): Promise<boolean> {
    return this.database.asSystem(async (sql) => {
      const rows = await sql.query<{ holder: string }>(
        `INSERT INTO leaders AS l (duty, holder, epoch, expires_at) VALUES ($1, $2, 1, now() + make_interval(secs => $3))
         ON CONFLICT (duty) DO UPDATE SET
           holder = excluded.holder, expires_at = excluded.expires_at,
           epoch = CASE WHEN l.holder = excluded.holder THEN l.epoch ELSE l.epoch + 1 END
         WHERE l.holder = excluded.holder OR l.expires_at < now()
         RETURNING holder`,
        [duty, this.#instance, leaseSeconds],
      );
      return rows.length > 0;
    });
  }

  /** Gives the duty back at once, so that a stopping instance is replaced without waiting for its lease. */
  async resign(duty: string): Promise<void> {
    await this.database.asSystem((sql) =>
      sql.query('UPDATE leaders SET expires_at = now() WHERE duty = $1 AND holder = $2', [duty, this.#instance]),
    );
  }
}
