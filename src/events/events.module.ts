import { Global, Module } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { CommitSignal } from './commit-signal.js';
import { EventFeed } from './event-feed.js';
import { EventLog } from './event-log.js';

/**
 * The one event log: writing, reading, and the hint that something was committed. Numbering starts with whoever owes
 * something to each numbered event, the WebhookModule: an event must not get its number without its deliveries.
 */
@Global()
@Module({
  providers: [
    EventLog,
    CommitSignal,
    { provide: EventFeed, inject: [Database], useFactory: (database: Database) => new EventFeed(database) },
  ],
  exports: [EventLog, CommitSignal, EventFeed],
})
export class EventsModule {}
