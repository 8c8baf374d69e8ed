import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { runCommand, type RunAs } from './run-command.js';
import { readIfThere, readRecord, writePrivate } from './state-files.js';

/** Generated passwords of the two login roles that the launcher makes. */
export interface PostgresPasswords {
  /** Of `postgres`, the superuser of the cluster; never handed out. */
  readonly superuser: string;
  /** Of `opcovia_owner`, the role in `databaseUrl`. */
  readonly owner: string;
}

/** Where the cluster lives when the unprivileged user cannot pass through the state directory. */
const ELSEWHERE = '/var/tmp';
const NOBODY = 65_534;

async function idOf(user: string): Promise<RunAs | undefined> {
  const [uid, gid] = await Promise.all([runCommand('id', ['-u', user]), runCommand('id', ['-g', user])]);
  return uid.code === 0 && gid.code === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

/** PostgreSQL refuses to run as root: root borrows the owner of existing data, else `postgres`, else `nobody`. Others run as themselves. */
export async function chooseUser(stateDir: string): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {};
  const data = lstatSync(dataDirectoryOf(stateDir), { throwIfNoEntry: false });
  if (data && data.uid !== 0) return { uid: data.uid, gid: data.gid };
  return (await idOf('postgres')) ?? (await idOf('nobody')) ?? { uid: NOBODY, gid: NOBODY };
}

function pointerPath(stateDir: string): string {
  return join(stateDir, 'postgres.location');
}

function dataDirectoryOf(stateDir: string): string {
  return readIfThere(pointerPath(stateDir))?.trim() || join(stateDir, 'postgres');
}

function give(directory: string, to: RunAs): void {
  if (to.uid !== undefined && to.gid !== undefined) chownSync(directory, to.uid, to.gid);
  chmodSync(directory, 0o700);
}

async function reachable(directory: string, as: RunAs): Promise<boolean> {
  return (await runCommand('/bin/sh', ['-c', 'cd "$0" && test -w .', directory], { as })).code === 0;
}

/** The data directory, existing and owned by the user PostgreSQL runs as; outside the state directory (with a pointer file there) when that user cannot reach it. */
export async function placeDataDirectory(stateDir: string, as: RunAs): Promise<string> {
  const wanted = dataDirectoryOf(stateDir);
  const owner = lstatSync(wanted, { throwIfNoEntry: false })?.uid;
  if (as.uid === undefined && owner !== undefined && owner !== process.getuid?.()) {
    throw new Error(
      `${wanted} appartient à un autre utilisateur (un démarrage en root ?) : supprimez ${stateDir}, ou démarrez sous cet utilisateur.`,
    );
  }
  mkdirSync(wanted, { recursive: true });
  give(wanted, as);
  if (await reachable(wanted, as)) return wanted;
  if (existsSync(join(wanted, 'cluster')))
    throw new Error(`L'utilisateur de PostgreSQL ne peut plus atteindre ses données dans ${wanted}.`);
  const elsewhere = mkdtempSync(join(ELSEWHERE, 'opcovia-data-'));
  give(elsewhere, as);
  if (!(await reachable(elsewhere, as))) {
    throw new Error(
      "PostgreSQL refuse de tourner en root et aucun autre utilisateur n'est possible ici : indiquez DATABASE_URL, ou démarrez sans être root.",
    );
  }
  writePrivate(pointerPath(stateDir), `${elsewhere}\n`);
  return elsewhere;
}

function passwordsOf(stateDir: string): PostgresPasswords | undefined {
  const { superuser, owner } = readRecord(join(stateDir, 'postgres.passwords')) ?? {};
  return typeof superuser === 'string' && typeof owner === 'string' ? { superuser, owner } : undefined;
}

function makePasswords(stateDir: string): PostgresPasswords {
  const made = { superuser: randomBytes(24).toString('hex'), owner: randomBytes(24).toString('hex') };
  writePrivate(join(stateDir, 'postgres.passwords'), JSON.stringify(made));
  return made;
}

/** What `ensureCluster` needs to know. */
export interface ClusterOrder {
  readonly stateDir: string;
  readonly dataDir: string;
  readonly initdb: string;
  readonly as: RunAs;
  readonly signal: AbortSignal;
}

async function initialise(order: ClusterOrder, draft: string, password: string): Promise<void> {
  const pwfile = join(order.dataDir, 'pw');
  rmSync(draft, { recursive: true, force: true });
  rmSync(pwfile, { force: true });
  writeFileSync(pwfile, password, { mode: 0o600, flag: 'wx' });
  if (order.as.uid !== undefined && order.as.gid !== undefined) chownSync(pwfile, order.as.uid, order.as.gid);
  const args = [
    '-D',
    draft,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    `--pwfile=${pwfile}`,
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ];
  const env = { LC_ALL: 'C', TZ: 'UTC', PATH: process.env['PATH'] };
  const { code, stderr } = await runCommand(order.initdb, args, { as: order.as, env, signal: order.signal });
  rmSync(pwfile, { force: true });
  if (code !== 0) throw new Error(`initdb a échoué : ${stderr.trim().split('\n').slice(-3).join(' | ')}`);
}

/** The cluster of this data directory, made at the first start; made beside and renamed, so that a start killed half-way leaves nothing in its place. */
export async function ensureCluster(order: ClusterOrder): Promise<{ cluster: string; passwords: PostgresPasswords }> {
  const cluster = join(order.dataDir, 'cluster');
  const known = passwordsOf(order.stateDir);
  if (existsSync(cluster)) {
    if (!known)
      throw new Error(
        `Les mots de passe de ${cluster} sont perdus : supprimez ${order.stateDir} pour repartir avec des données vides.`,
      );
    return { cluster, passwords: known };
  }
  const passwords = known ?? makePasswords(order.stateDir);
  const draft = join(order.dataDir, 'draft');
  await initialise(order, draft, passwords.superuser);
  renameSync(draft, cluster);
  return { cluster, passwords };
}
