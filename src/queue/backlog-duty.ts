import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Env } from '../platform/config/env.js';
import { BacklogGate } from './backlog-gate.js';

/** Keeps the count of what waits fresh in every process that takes deposits in. */
@Injectable()
export class BacklogDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) private readonly env: Env;
  @Inject(BacklogGate) private readonly gate: BacklogGate;

  onApplicationBootstrap(): void {
    if (this.env.roles.has('api')) this.gate.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.gate.stop();
  }
}
