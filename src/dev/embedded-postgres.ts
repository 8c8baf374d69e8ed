import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { launch, STOP_GRACE_MS, STOP_SIGNALS, untilReady, type LaunchedChild } from './launched-child.js';
import { placePostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { chooseUser, ensureCluster, placeDataDirectory, type PostgresPasswords } from './postgres-data.js';
import { commandLineOf, recordOf, stopProcess } from './process-identity.js';
import { choosePort, rememberPort } from './remembered-ports.js';
import type { RunAs } from './run-command.js';
import { readIfThere } from './state-files.js';

/** What the launcher of PostgreSQL needs. */
export interface PostgresOrder {
  readonly stateDir: string;
  readonly projectRoot: string;
  /** False only where data may be lost with the machine: tests. */
  readonly fsync: boolean;
  /** Given when it is started again: its users know the old URL. */
  readonly port?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** A running child and how to reach it. */
export interface ReadyChild {
  readonly child: LaunchedChild;
  readonly url: string;
}

interface Prepared {
  readonly binaries: PostgresBinaries;
  readonly as: RunAs;
  readonly cluster: string;
  readonly passwords: PostgresPasswords;
}

const READY_TIMEOUT_MS = 60_000;
const ATTEMPTS = 5;
const ATTEMPT_PAUSE_MS = 100;
const DATABASE = 'opcovia';
const OWNER = 'opcovia_owner';
/** Statements and row values must not reach the log: they may be personal data. */
const QUIET_LOG = ['log_min_error_statement=panic', 'log_error_verbosity=terse', 'log_parameter_max_length_on_error=0'];
const UNSAFE_AND_FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

async function prepare(order: PostgresOrder): Promise<Prepared> {
  const as = await chooseUser(order.stateDir);
  const binaries = await placePostgresBinaries(order.projectRoot, as);
  const dataDir = await placeDataDirectory(order.stateDir, as);
  if (!existsSync(join(dataDir, 'cluster'))) order.onProgress('PostgreSQL : création des bases (une seule fois)');
  const { stateDir, signal } = order;
  const { cluster, passwords } = await ensureCluster({ stateDir, dataDir, initdb: binaries.initdb, as, signal });
  return { binaries, as, cluster, passwords };
}

/** A server of a killed keeper still owns its cluster; and a stale pid file blocks the start once the pid has gone to a stranger. */
async function freeCluster(cluster: string): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const pid = Number(readIfThere(pidFile)?.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const record = recordOf(pid);
  if (record && commandLineOf(pid).includes(cluster)) await stopProcess(record, STOP_SIGNALS.postgres, STOP_GRACE_MS);
  rmSync(pidFile, { force: true });
}

function settings(order: PostgresOrder): string[] {
  const all = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    ...QUIET_LOG,
    ...(order.fsync ? [] : UNSAFE_AND_FAST),
  ];
  return all.flatMap((setting) => ['-c', setting]);
}

function urlOf(user: string, password: string, port: number, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

async function accepts(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function startServer(order: PostgresOrder, ready: Prepared): Promise<{ child: LaunchedChild; port: number }> {
  await freeCluster(ready.cluster);
  const port = await choosePort(order.stateDir, 'postgres', order.port);
  const child = await launch({
    name: 'postgres',
    stateDir: order.stateDir,
    command: ready.binaries.postgres,
    args: ['-D', ready.cluster, '-p', String(port), ...settings(order)],
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env['PATH'] },
    as: ready.as,
  });
  const admin = urlOf('postgres', ready.passwords.superuser, port, 'postgres');
  await untilReady(child, () => accepts(admin), { timeoutMs: READY_TIMEOUT_MS, signal: order.signal });
  rememberPort(order.stateDir, 'postgres', port);
  return { child, port };
}

/** Tried again, since for a moment the port may be taken or the backends of a killed server may hold its memory. */
async function startPatiently(
  order: PostgresOrder,
  ready: Prepared,
  left = ATTEMPTS,
): Promise<{ child: LaunchedChild; port: number }> {
  try {
    return await startServer(order, ready);
  } catch (error) {
    if (left <= 1 || order.signal.aborted) throw error;
    await pause(ATTEMPT_PAUSE_MS);
    return startPatiently(order, ready, left - 1);
  }
}

/** The owner may create roles and databases but is no superuser: forced row security binds it as it will in production. */
async function ensureOwner(port: number, passwords: PostgresPasswords): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf('postgres', passwords.superuser, port, 'postgres') });
  await client.connect();
  try {
    const found = await client.query(
      'SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role, EXISTS (SELECT FROM pg_database WHERE datname = $2) AS database',
      [OWNER, DATABASE],
    );
    const { role, database } = found.rows[0] as { role: boolean; database: boolean };
    const verb = role ? 'ALTER' : 'CREATE';
    // DDL takes no parameters; the password is hexadecimal of our own making.
    await client.query(`${verb} ROLE ${OWNER} LOGIN CREATEROLE CREATEDB NOSUPERUSER PASSWORD '${passwords.owner}'`);
    if (!database) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${OWNER}`);
  } finally {
    await client.end();
  }
}

/** Starts the embedded PostgreSQL of a state directory, and makes the database and its owner when they are missing. */
export async function startEmbeddedPostgres(order: PostgresOrder): Promise<ReadyChild> {
  order.onProgress('PostgreSQL : démarrage');
  const ready = await prepare(order);
  const { child, port } = await startPatiently(order, ready);
  try {
    await ensureOwner(port, ready.passwords);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { child, url: urlOf(OWNER, ready.passwords.owner, port, DATABASE) };
}
