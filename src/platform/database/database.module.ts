import { Global, Module } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Env } from '../config/env.js';
import { runtimeOptions, type DatabaseRole } from './data-source.js';
import { Database } from './database.js';
import { StatementNames } from './statement-names.js';

/** One pool for one role. */
const connect = (role: DatabaseRole, name: string) =>
  TypeOrmModule.forRootAsync({
    name,
    inject: [Env],
    useFactory: (env: Env) => ({
      ...runtimeOptions(env.DATABASE_APP_URL ?? env.DATABASE_URL ?? '', role, {
        poolSize: env.OPCOVIA_DATABASE_POOL,
        connectMs: env.OPCOVIA_DATABASE_CONNECT_MS,
      }),
      name,
      retryAttempts: 30,
      retryDelay: 2000,
    }),
  });

/** PostgreSQL for the whole application: one pool a role. Waits about a minute for a server that is still starting. */
@Global()
@Module({
  imports: [connect('opcovia_app', 'app'), connect('opcovia_system', 'system')],
  providers: [
    {
      provide: Database,
      inject: [getDataSourceToken('app'), getDataSourceToken('system'), Env],
      useFactory: (app: DataSource, system: DataSource, env: Env) =>
        new Database(app, system, new StatementNames(env.OPCOVIA_DATABASE_PREPARED)),
    },
  ],
  exports: [Database],
})
export class DatabaseModule {}
