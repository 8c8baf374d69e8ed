import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { runtimeOptions } from '../../src/platform/database/data-source.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';

/** A database of one test file, with every migration applied. */
export interface TestDatabase {
  /** As the owner of the schema. */
  readonly url: string;
  readonly database: Database;
  drop(): Promise<void>;
}

/** The PostgreSQL server that the test run started or was given; tests fail without it. */
export function testDatabaseServer(): string {
  const url = process.env.OPCOVIA_TEST_DATABASE_URL;
  if (!url) throw new Error('OPCOVIA_TEST_DATABASE_URL is not set: run the tests through npm test');
  return url;
}

/** Creates an empty database beside the others of the server. */
export async function createEmptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = testDatabaseServer();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const asOwner = async (statement: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await asOwner(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => dropDatabase(() => asOwner(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)) };
}

/** PostgreSQL's own cleaner may be in there, whom only a superuser may end: it leaves by itself. */
async function dropDatabase(drop: () => Promise<void>): Promise<void> {
  for (let tried = 0; ; tried++) {
    try {
      return await drop();
    } catch (error) {
      if ((error as { code?: string }).code !== '42501' || tried >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Creates a database with the schema of today and opens both runtime pools on it. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url, drop } = await createEmptyDatabase();
  await migrate(url);
  const app = await new DataSource(runtimeOptions(url, 'opcovia_app', { poolSize: 5 })).initialize();
  const system = await new DataSource(runtimeOptions(url, 'opcovia_system', { poolSize: 5 })).initialize();
  return {
    url,
    database: new Database(app, system),
    drop: async () => {
      await Promise.all([app.destroy(), system.destroy()]);
      await drop();
    },
  };
}
