import { Inject, Injectable } from '@nestjs/common';
import { ReadinessDetails } from '../platform/health/readiness-details.js';
import { InstancePermits } from './instance/instance-permits.js';

/** Tells readiness how this process comes by its permits; without a hub it goes on with less, and is as ready as before. */
@Injectable()
export class TellReadiness {
  constructor(@Inject(ReadinessDetails) details: ReadinessDetails, @Inject(InstancePermits) permits: InstancePermits) {
    details.tell('hub', () => ({ mode: permits.state().mode }));
  }
}
