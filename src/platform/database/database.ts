import { types } from 'node:util';
import type { Pool, QueryConfig } from 'pg';
import type { DataSource } from 'typeorm';
import { fail, OpcoviaError } from '../../core/errors.js';
import type { TenantHash } from '../../core/tenant.js';
import type { StatementNames } from './statement-names.js';

/** Runs parameterised SQL and gives the rows. */
export interface Sql {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** SQLSTATE classes of a server that is going away, starting, full or out of reach: try again later. */
const passing = /^(08|53|57P0|57014|25P0[34]|40|55P03)/;
/** The same said by the machine, the network and Node. */
const outOfReach =
  /^(?:ECONN|EPIPE$|ENOTFOUND$|EAI_AGAIN$|ETIMEDOUT$|EHOSTUNREACH$|EHOSTDOWN$|ENETUNREACH$|ENETDOWN$|ERR_STREAM_)/;
/** The same said by pg, in words alone: a connection lost, or a pool that this process has closed while it stops. */
const lostWords = /timeout|terminated|connection|Client (?:was closed|has encountered)|Cannot use a pool/i;

/**
 * The two ways into PostgreSQL: as a tenant, whose rows alone exist, and as the system, for duties across tenants.
 * Every failure that passes by itself comes out as SERVICE_UNAVAILABLE with a Retry-After.
 */
export class Database {
  readonly #app: Pool;
  readonly #system: Pool;

  constructor(
    app: DataSource,
    system: DataSource,
    private readonly names: StatementNames,
  ) {
    this.#app = heard(poolOf(app));
    this.#system = heard(poolOf(system));
  }

  /** One transaction in which only the rows of this tenant exist; row-level security enforces it. */
  asTenant<T>(tenant: TenantHash, work: (sql: Sql) => Promise<T>): Promise<T> {
    // The hash is 64 hex digits by construction, and SET takes no parameter.
    return this.#transaction(this.#app, `BEGIN; SET LOCAL app.tenant_hash = '${tenant}'`, work);
  }

  /** One transaction before a tenant is known: only the presented key, and its tenant, exist. */
  asKeyHolder<T>(keyHash: TenantHash, work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#transaction(this.#app, `BEGIN; SET LOCAL app.key_hash = '${keyHash}'`, work);
  }

  /** One transaction of a duty that spans tenants: relay, sequencer, poller, purge. */
  asSystem<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#transaction(this.#system, 'BEGIN', work);
  }

  /** One statement outside any tenant, as the application role: functions that judge their input themselves. */
  async call<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    try {
      return (await this.#app.query<Row & Record<string, unknown>>(this.#statement(text, values))).rows;
    } catch (error) {
      throw this.names.failedByName(error) ? unavailable(error) : translate(error);
    }
  }

  /** Connections in use, idle and waited for, by role: for the metrics. */
  usage(): { role: string; total: number; idle: number; waiting: number }[] {
    const of = (role: string, pool: Pool) => ({
      role,
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    });
    return [of('app', this.#app), of('system', this.#system)];
  }

  async #transaction<T>(pool: Pool, begin: string, work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch((error: unknown) => {
      throw translate(error);
    });
    let broken = false;
    // A borrowed connection that dies tells so twice: by the failing query, and by an event that nobody else hears.
    const died = () => (broken = true);
    client.on('error', died);
    try {
      await client.query(begin);
      const sql: Sql = {
        query: async (text, values = []) => (await client.query(this.#statement(text, values))).rows,
      };
      const result = await work(sql);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // A connection that cannot even roll back is of no use to the next borrower.
      await client.query('ROLLBACK').catch(() => (broken = true));
      if (!this.names.failedByName(error)) throw translate(error);
      broken = true;
      throw unavailable(error);
    } finally {
      client.off('error', died);
      client.release(broken);
    }
  }

  /** Without values a text may be several statements, which have no name. */
  #statement(text: string, values: readonly unknown[]): QueryConfig {
    const name = values.length > 0 ? this.names.nameOf(text) : undefined;
    return { text, values: [...values], ...(name !== undefined && { name }) };
  }
}

/** TypeORM keeps its pg pool under `driver.master`; sharing it keeps the number of connections one figure. */
function poolOf(source: DataSource): Pool {
  return (source.driver as unknown as { master: Pool }).master;
}

/**
 * A server may end a session in the very moment in which it is established: between the pool's listener and the borrower's own
 * nobody would hear it, and an error that nobody hears ends the process. The borrower learns of it by its first query.
 */
function heard(pool: Pool): Pool {
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

function translate(error: unknown): unknown {
  if (error instanceof OpcoviaError || !types.isNativeError(error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  // What PostgreSQL itself says has a SQLSTATE, and its words may quote a value; EPIPE is as long as one.
  const lost = outOfReach.test(code) || (!/^[0-9A-Z]{5}$/.test(code) && lostWords.test(error.message));
  return passing.test(code) || lost ? unavailable(error) : error;
}

function unavailable(cause: unknown): OpcoviaError {
  return fail('SERVICE_UNAVAILABLE', {
    detail: 'La base de données ne répond pas ; réessayez dans quelques secondes.',
    retryAfterSeconds: 5,
    cause,
  });
}
