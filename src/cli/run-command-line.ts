import { parseArgs } from 'node:util';
import { OpcoviaError } from '../core/errors.js';
import { ConfigurationError } from '../platform/config/read-env.js';
import { auditSearchCommand, auditVerifyCommand } from './audit-commands.js';
import type { Command, Workplace } from './command.js';
import { CommandError, UsageError } from './command-errors.js';
import { credentialsSetCommand, opcoClientSetCommand } from './credential-commands.js';
import { hubRevokeCommand } from './hub-commands.js';
import { isolationCheckCommand } from './isolation-commands.js';
import { jobsDeadCommand, jobsRedriveCommand } from './job-commands.js';
import { keyringReencryptCommand, keyringStatusCommand } from './keyring-commands.js';
import { listenCommand } from './listen-command.js';
import { migrateCommand, migrateDownCommand } from './schema-commands.js';
import { staffTokenCommand } from './staff-commands.js';
import { snapshotsVerifyCommand } from './snapshot-commands.js';
import {
  keyCreateCommand,
  keyRevokeCommand,
  tenantCreateCommand,
  tenantListCommand,
  tenantSuspendCommand,
  tenantWeightCommand,
} from './tenant-commands.js';

const commands: readonly Command[] = [
  migrateCommand,
  migrateDownCommand,
  tenantCreateCommand,
  tenantListCommand,
  tenantSuspendCommand,
  tenantWeightCommand,
  keyCreateCommand,
  keyRevokeCommand,
  credentialsSetCommand,
  opcoClientSetCommand,
  jobsDeadCommand,
  jobsRedriveCommand,
  auditVerifyCommand,
  auditSearchCommand,
  snapshotsVerifyCommand,
  isolationCheckCommand,
  listenCommand,
  hubRevokeCommand,
  staffTokenCommand,
  keyringStatusCommand,
  keyringReencryptCommand,
];

/** Runs `<command> [options]`; gives the exit code: 0 done, 1 refused or failed, 2 not understood. Shows no stack. */
export async function runCommandLine(args: readonly string[], work: Workplace): Promise<number> {
  const [name = 'help', ...rest] = args;
  if (['help', '--help', '-h'].includes(name)) return help(work);
  const command = commands.find((known) => known.name === name);
  if (!command) {
    work.terminal.print(`Commande inconnue : ${name}.`);
    help(work);
    return 2;
  }
  try {
    return await command.run(readOptions(command, rest), work);
  } catch (error) {
    return explain(error, command, work);
  }
}

function readOptions(command: Command, args: string[]) {
  try {
    return parseArgs({ args, options: command.options, strict: true, allowPositionals: false }).values;
  } catch {
    // The message of Node repeats what was typed, which may be a secret given by mistake.
    throw new UsageError('Option inconnue, sans valeur, ou mot de trop ; un secret ne se donne jamais en argument.');
  }
}

function help({ terminal }: Workplace): number {
  terminal.print('npm run opcovia -- <commande> [options]');
  for (const { name, usage, about } of commands) {
    terminal.print('');
    terminal.print(`  ${name} ${usage}`.trimEnd());
    terminal.print(`      ${about}`);
  }
  return 0;
}

function explain(error: unknown, { name, usage }: Command, { terminal }: Workplace): number {
  if (error instanceof UsageError) {
    terminal.print(error.message);
    terminal.print(`Usage : npm run opcovia -- ${`${name} ${usage}`.trimEnd()}`);
    return 2;
  }
  terminal.print(reasonOf(error));
  return 1;
}

function reasonOf(error: unknown): string {
  if (error instanceof CommandError || error instanceof ConfigurationError) return error.message;
  if (error instanceof OpcoviaError) return error.details.detail ?? error.entry.title;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === '42P01') return 'Le schéma de la base n’est pas à jour : lancez d’abord la commande migrate.';
  if (code.startsWith('ECONN')) return 'La base de données ne répond pas.';
  return error instanceof Error ? `Échec : ${error.message}` : 'Échec.';
}
