import { Module } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { PERMITS } from './hub.tokens.js';
import { LocalPermits } from './local-permits.js';

/** Permits to call the OPCOs. Needs `CLOCK`. */
@Module({
  providers: [
    { provide: LocalPermits, inject: [CLOCK], useFactory: (clock: Clock) => new LocalPermits(clock) },
    { provide: PERMITS, useExisting: LocalPermits },
  ],
  exports: [PERMITS, LocalPermits],
})
export class HubModule {}
