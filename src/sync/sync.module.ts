import { Module } from '@nestjs/common';

/** Bulk synchronisation: the table stands (`sync_jobs`), the routes and the work come with their own release. */
@Module({})
export class SyncModule {}
