import { DataSource } from 'typeorm';
import { runtimeOptions } from './data-source.js';
import { Database } from './database.js';
import { StatementNames } from './statement-names.js';

/**
 * Both runtime pools outside a Nest application: for commands. `close` ends them. Without `names` every statement is planned at each
 * call, which goes through any pooler.
 */
export async function openDatabase(
  url: string,
  poolSize: number,
  names = new StatementNames(0),
): Promise<{ database: Database; close(): Promise<void> }> {
  const open = (role: 'opcovia_app' | 'opcovia_system') =>
    new DataSource(runtimeOptions(url, role, { poolSize })).initialize();
  const app = await open('opcovia_app');
  try {
    const system = await open('opcovia_system');
    return {
      database: new Database(app, system, names),
      close: async () => {
        await Promise.all([app.destroy(), system.destroy()]);
      },
    };
  } catch (error) {
    await app.destroy();
    throw error;
  }
}
