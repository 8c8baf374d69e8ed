import { Global, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseProbe } from './database-probe.js';
import { Readiness } from './readiness.js';
import { ReadinessDetails } from './readiness-details.js';
import { WorkerNotes } from './worker-notes.js';

/** Readiness for both listeners. */
@Global()
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  providers: [DatabaseProbe, Readiness, ReadinessDetails, WorkerNotes],
  exports: [Readiness, ReadinessDetails, WorkerNotes],
})
export class HealthModule {}
