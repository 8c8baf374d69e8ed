import { migrate, migrateDown } from '../platform/database/migrate.js';
import type { Command } from './command.js';
import { UsageError } from './command-errors.js';

/** `migrate`: brings the schema up to date. */
export const migrateCommand: Command = {
  name: 'migrate',
  usage: '',
  about: 'Met le schéma de la base à jour ; sans effet s’il l’est déjà.',
  options: {},
  async run(_given, { databaseUrl, terminal }) {
    const done = await migrate(await databaseUrl());
    for (const name of done) terminal.print(`  ${name}`);
    terminal.print(done.length > 0 ? `Schéma mis à jour : ${done.length} migrations.` : 'Le schéma est à jour.');
    return 0;
  },
};

/** `migrate:down`: takes every migration back, and with them all data. */
export const migrateDownCommand: Command = {
  name: 'migrate:down',
  usage: '--erase-all-data',
  about: 'Défait toutes les migrations ; TOUTES les données sont perdues.',
  options: { 'erase-all-data': { type: 'boolean' } },
  async run(given, { databaseUrl, terminal }) {
    if (given['erase-all-data'] !== true) {
      throw new UsageError('Cette commande efface toutes les données : confirmez par --erase-all-data.');
    }
    await migrateDown(await databaseUrl());
    terminal.print('Toutes les migrations sont défaites : la base est vide.');
    return 0;
  },
};
