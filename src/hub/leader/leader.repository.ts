import { randomUUID } from 'node:crypto';
import type { Database, Sql } from '../../platform/database/database.js';

/** A term of leading: what a hub is told when it takes over. */
export interface Term {
  /** Higher than that of every hub before. */
  readonly epoch: number;
  /** Instances that may hold something of the hub before. */
  readonly members: number;
  /** What had been learnt, by budget. */
  readonly learnt: Readonly<Record<string, unknown>>;
}

/** The row of who leads, and what goes from one leader to the next. Time is PostgreSQL's: no rule depends on the clocks of two hosts. */
export class LeaderRepository {
  readonly #holder = randomUUID();

  constructor(
    private readonly database: Database,
    private readonly seconds: number,
  ) {}

  /** Begins to lead if nobody does; undefined while somebody does. */
  async claim(url: string): Promise<Term | undefined> {
    return this.database.asSystem(async (sql) => {
      const [row] = await sql.query<{ epoch: string; members: number }>(
        `INSERT INTO hub_leader AS l (holder, epoch, url, expires_at) VALUES ($1, 1, $2, now() + make_interval(secs => $3))
         ON CONFLICT (single) DO UPDATE SET
           holder = excluded.holder, url = excluded.url, expires_at = excluded.expires_at, epoch = l.epoch + 1
         WHERE l.expires_at < now()
         RETURNING epoch, members`,
        [this.#holder, url, this.seconds],
      );
      if (!row) return undefined;
      return { epoch: Number(row.epoch), members: row.members, learnt: await learntOf(sql) };
    });
  }

  /** Goes on leading; false when the term is over, whoever leads now. */
  async renew(epoch: number, members: number): Promise<boolean> {
    const rows = await this.database.asSystem((sql) =>
      sql.query(
        `UPDATE hub_leader SET expires_at = now() + make_interval(secs => $3), members = $4
         WHERE holder = $1 AND epoch = $2 AND expires_at > now() RETURNING epoch`,
        [this.#holder, epoch, this.seconds, members],
      ),
    );
    return rows.length > 0;
  }

  /** Stops leading at once, so that nobody waits for the term to run out. */
  async resign(epoch: number, members: number): Promise<void> {
    await this.database.asSystem((sql) =>
      sql.query(
        `UPDATE hub_leader SET expires_at = now() - interval '1 millisecond', members = $3 WHERE holder = $1 AND epoch = $2`,
        [this.#holder, epoch, members],
      ),
    );
  }

  /** Staff address of the hub that leads now. */
  async url(): Promise<string | undefined> {
    const [row] = await this.database.asSystem((sql) =>
      sql.query<{ url: string }>("SELECT url FROM hub_leader WHERE expires_at > now() AND url <> ''"),
    );
    return row?.url;
  }

  /** Keeps what has been learnt; nothing of a hub that leads no longer gets in. */
  async keep(epoch: number, learnt: Readonly<Record<string, unknown>>): Promise<boolean> {
    return this.database.asSystem(async (sql) => {
      // The lock keeps a successor from beginning with what is just being replaced.
      const led = await sql.query('SELECT 1 FROM hub_leader WHERE holder = $1 AND epoch = $2 FOR SHARE', [
        this.#holder,
        epoch,
      ]);
      if (led.length === 0) return false;
      await sql.query(
        `INSERT INTO hub_rates AS r (budget, epoch, learnt) SELECT key, $1, value FROM jsonb_each($2::jsonb)
         ON CONFLICT (budget) DO UPDATE SET epoch = excluded.epoch, learnt = excluded.learnt, updated_at = now()
         WHERE r.learnt <> excluded.learnt`,
        [epoch, JSON.stringify(learnt)],
      );
      return true;
    });
  }

  /** Instances that no hub lets in. */
  async revoked(): Promise<readonly string[]> {
    const rows = await this.database.asSystem((sql) =>
      sql.query<{ instance: string }>('SELECT instance FROM hub_revoked'),
    );
    return rows.map(({ instance }) => instance);
  }
}

async function learntOf(sql: Sql): Promise<Record<string, unknown>> {
  const rows = await sql.query<{ budget: string; learnt: unknown }>('SELECT budget, learnt FROM hub_rates');
  return Object.fromEntries(rows.map(({ budget, learnt }) => [budget, learnt]));
}
