import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { runtimeOptions } from '../../src/platform/database/data-source.js';
import { Database } from '../../src/platform/database/database.js';
import { StatementNames } from '../../src/platform/database/statement-names.js';
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

interface NewDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Creates an empty database beside the others of the server. */
export async function createEmptyDatabase(): Promise<NewDatabase> {
  return create('template1');
}

/** Creates a database with the schema of today and nothing in it: a copy of one that the first who asked has migrated. */
export async function createMigratedDatabase(): Promise<NewDatabase> {
  return create(await migratedTemplate());
}

async function create(template: string): Promise<NewDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await patiently(() => asOwner((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)), '55006');
  const drop = () => asOwner((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  return { url: urlOf(name), drop: () => patiently(drop, '42501') };
}

const urlOf = (name: string) => Object.assign(new URL(testDatabaseServer()), { pathname: `/${name}` }).href;

async function asOwner<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: testDatabaseServer() });
  await client.connect();
  return work(client).finally(() => client.end());
}

/** Any number that no other lock of the server uses. */
const templateLock = 7_203_002;
let template: Promise<string> | undefined;

/** The name of the database that others are copied from; another one as soon as a migration is another one. */
function migratedTemplate(): Promise<string> {
  template ??= asOwner(async (client) => {
    const name = `template_${fingerprintOfMigrations()}`;
    await client.query('SELECT pg_advisory_lock($1)', [templateLock]);
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount) return name;
    const old = await client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database WHERE datname LIKE 'template\\_%'",
    );
    for (const each of old.rows) await client.query(`DROP DATABASE IF EXISTS ${each.name} WITH (FORCE)`);
    const half = `${name}_half`;
    await client.query(`CREATE DATABASE ${half}`);
    await migrate(urlOf(half));
    await patiently(() => client.query(`ALTER DATABASE ${half} RENAME TO ${name}`), '55006');
    return name;
  });
  return template;
}

function fingerprintOfMigrations(): string {
  const folder = join(__dirname, '../../migrations');
  const all = createHash('sha256');
  for (const name of readdirSync(folder).sort()) all.update(name).update(readFileSync(join(folder, name)));
  return all.digest('hex').slice(0, 16);
}

/** PostgreSQL's own cleaner may be in there, whom only a superuser may end: it leaves by itself. */
async function patiently(work: () => Promise<unknown>, code: string): Promise<void> {
  for (let tried = 0; ; tried++) {
    try {
      await work();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== code || tried >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Creates a database with the schema of today and opens both runtime pools on it. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url, drop } = await createMigratedDatabase();
  const app = await new DataSource(runtimeOptions(url, 'opcovia_app', { poolSize: 5 })).initialize();
  const system = await new DataSource(runtimeOptions(url, 'opcovia_system', { poolSize: 5 })).initialize();
  return {
    url,
    database: new Database(app, system, new StatementNames()),
    drop: async () => {
      await Promise.all([app.destroy(), system.destroy()]);
      await drop();
    },
  };
}
